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

# Places of the counter: what is read from the vectors of tokens, and from the states of each layer; these states where
# they are multiplied by W_h; and X.
VECTORS = 0
OUTPUTS = 1  # + 2 * level + direction
STATES = 65537  # + 2 * level + direction
NOISE = 131072

N_ROUNDS = 10
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
        _write_philox(inside, *(Index(inside, value) for value in made.args))
    result = builder.call(made, values)
    return [Index(builder, builder.extract_value(result, k)) for k in range(4)]


def _write_philox(builder, block, place, sample, update, seed):
    """Write the body of the function that draws."""
    start = [*(number & _WORD for number in (block, place, sample, update)), seed & _WORD, seed.shifted_right(_BITS)]
    state = [cgutils.alloca_once_value(builder, number.value) for number in start]
    for _ in loop(block.constant(N_ROUNDS)):
        a, b, c, d, *keys = (Index(builder, builder.load(place)) for place in state)
        left, right = a * _FACTORS[0], c * _FACTORS[1]
        high, other_high = right.shifted_right(_BITS), left.shifted_right(_BITS)
        after = [
            high ^ b ^ keys[0], right & _WORD, other_high ^ d ^ keys[1], left & _WORD,
            *((key + step) & _WORD for key, step in zip(keys, _STEPS_OF_KEY, strict=True)),
        ]  # fmt: skip
        for place, number in zip(state, after, strict=True):
            builder.store(number.value, place)
    builder.ret(cgutils.pack_array(builder, [builder.load(place) for place in state[:4]]))


def normals(words):
    """Return two standard normal numbers, LLVM doubles, made from two words (Box and Muller 1958)."""
    builder, double = words[0].builder, ir.DoubleType()

    def call(name, x):
        function = builder.module.declare_intrinsic(f"llvm.{name}", [double])
        return builder.call(function, [x])

    first, second = (builder.sitofp(word.value, double) for word in (words[0] + 1, words[1]))
    logarithm = call("log", builder.fmul(first, double(2.0**-_BITS)))
    radius = call("sqrt", builder.fmul(logarithm, double(-2.0)))
    angle = builder.fmul(second, double(2 * math.pi * 2.0**-_BITS))
    return builder.fmul(radius, call("cos", angle)), builder.fmul(radius, call("sin", angle))
