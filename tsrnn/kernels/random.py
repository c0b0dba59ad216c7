"""Random numbers that follow from what they are for: a counter says which, and nothing is kept from draw to draw.

Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC11: Philox 4x32 with ten rounds.
The key is the seed of the training; the counter is (block, place, sample, update). So what is drawn for one sample in
one update depends on neither threads nor shards nor the other samples of the minibatch. These functions write code
(:mod:`tsrnn.kernels.code`).
"""

import math

from llvmlite import ir
from numba.core import cgutils

from .code import INTEGER, Index, function, loop
from .vector import Vector, cosine_and_sine, log, sqrt, where

# Places of the counter: what is read from the vectors of tokens, and from the states of each layer; these states where
# they are multiplied by W_h; and X.
VECTORS = 0
OUTPUTS = 1  # + 2 * level + direction
STATES = 65537  # + 2 * level + direction
NOISE = 131072

N_ROUNDS = 10
N_LANES = 16  # blocks that normal numbers are made of at once, on any processor, since it says which number is which
GROUP = 4 * N_LANES
_BITS = 32
_WORD = 2**_BITS - 1
_FACTORS = 0xD2511F53, 0xCD9E8D57
_STEPS_OF_KEY = 0x9E3779B9, 0xBB67AE85


def philox(block, place, sample, update, seed):
    """Return four random words of 32 bits. All are Index; those of the counter count modulo 2^32."""
    builder, words = block.builder, ir.ArrayType(INTEGER, 4)
    values = [number.value for number in (block, place, sample, update, seed)]
    made, inside = function(builder, "tsrnn_philox", words, values)
    if inside is not None:
        words_drawn = _words(*(Index(inside, value) for value in made.args))
        inside.ret(cgutils.pack_array(inside, [word.value for word in words_drawn]))
    result = builder.call(made, values)
    return [Index(builder, builder.extract_value(result, k)) for k in range(4)]


def _words(block, place, sample, update, seed):
    """Return four random words, or vectors of them."""
    builder = block.builder
    start = [*(number & _WORD for number in (block, place, sample, update)), seed & _WORD, seed.shifted_right(_BITS)]
    state = [cgutils.alloca_once_value(builder, number.value) for number in start]
    for _ in loop(Index(builder, INTEGER(N_ROUNDS))):
        a, b, c, d, *keys = (Index(builder, builder.load(place)) for place in state)
        left, right = a * _FACTORS[0], c * _FACTORS[1]
        high, other_high = right.shifted_right(_BITS), left.shifted_right(_BITS)
        after = [
            high ^ b ^ keys[0], right & _WORD, other_high ^ d ^ keys[1], left & _WORD,
            *((key + step) & _WORD for key, step in zip(keys, _STEPS_OF_KEY, strict=True)),
        ]  # fmt: skip
        for place, number in zip(state, after, strict=True):
            builder.store(number.value, place)
    return [Index(builder, builder.load(place)) for place in state[:4]]


def draw_normals(numbers, group, place, sample, update, seed):
    """Overwrite the next GROUP numbers of a Buffer by standard normal ones, the group of that number of its place.

    Word k of block b is in group b // 16, where what words 0 and 1 of 16 blocks give comes first, sixteen numbers
    each, and then what words 2 and 3 give.
    """
    values = [numbers.pointer, *(number.value for number in (group, place, sample, update, seed))]
    made, inside = function(numbers.builder, f"tsrnn_normals_{numbers.kind.element}", ir.VoidType(), values)
    if inside is not None:
        _write_normals(inside, *made.args)
        inside.ret_void()
    numbers.builder.call(made, values)


def _write_normals(builder, pointer, group, *counter):
    """Write the body of the function that draws normal numbers."""
    lanes, kind = ir.VectorType(INTEGER, N_LANES), ir.VectorType(pointer.type.pointee, N_LANES)
    group, *counter = (Index(builder, Vector.broadcast(builder, lanes, number).value) for number in (group, *counter))
    numbers = ir.Constant(lanes, list(range(N_LANES)))
    words = _words(group * N_LANES + Index(builder, numbers), *counter)
    for k, drawn in enumerate([*_normals(words[:2], kind), *_normals(words[2:], kind)]):
        place = builder.gep(pointer, [INTEGER(k * N_LANES)])
        builder.store(drawn.value, builder.bitcast(place, kind.as_pointer()), align=4)


def _normals(words, kind):
    """Return two vectors of standard normal numbers made from two of words (Box and Muller 1958).

    One word gives the square of the radius, the other the angle: it lies within an eighth of a turn, as the lowest 30
    bits say, and its two highest bits choose one of the four arcs of the circle.
    """
    builder, narrow = words[0].builder, ir.VectorType(ir.IntType(_BITS), N_LANES)

    def signed(word):
        return builder.trunc(word.value, narrow)

    def number(word):
        return Vector(builder, builder.sitofp(signed(word), kind))

    def highest_bit(word):
        return Vector(builder, builder.icmp_signed("<", signed(word), ir.Constant(narrow, [0] * N_LANES)))

    radius = sqrt(-2 * log(number(words[0].shifted_right(2) * 2 + 1) * 2.0 ** (1 - _BITS)))
    cosine, sine = cosine_and_sine(number(words[1] * 4) * (math.pi / 4 * 2.0 ** (1 - _BITS)))
    cosine = where(highest_bit(words[1]), -cosine, cosine)
    changed = highest_bit(words[1] * 2)
    return radius * where(changed, sine, cosine), radius * where(changed, cosine, sine)
