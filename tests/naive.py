"""The slow twin: every network in its plainest form, to judge the fast kernels by. Imports NumPy alone.

One layer turns a sequence x_1 .. x_T into h_1 .. h_T, starting from h_0 = 0 (and c_0 = 0). T may be another
number for each row: steps after a row's own last one are never read, and what a row gives is what it gives
alone. A row of no steps ends in its first state, 0. With s the logistic sigmoid, act the activation (tanh or
relu), juxtaposition of a row vector and a matrix the matrix product, and all other products elementwise; where
h stands for h_(t-1) on the right and for h_t on the left:

rnn (Elman 1990)
    h = act(x W_x + h W_h + b)

lstm (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000; no peepholes)
    [i, f, g, o] = x W_x + h W_h + b
    c = s(f) c + s(i) act(g)
    h = s(o) act(c)

gru (Cho et al. 2014, equations 5 to 8: their h-tilde is n here)
    r = s(x W_r + h R_r + b_r)
    z = s(x W_z + h R_z + b_z)
    n = act(x W_n + b_n + (r * h) R_n)              reset before the product, as in the paper
    n = act(x W_n + b_n + r * (h R_n + b_hn))       reset after the product, as in cuDNN, PyTorch and Keras
    h = (1 - z) n + z h

What stands around the cells, level by level:

tokens (Bengio et al. 2003)
    x_t = row number X_t of the embedding W         where there is one: X then is ids
categories (Guo & Berkhahn 2016)
    x_t = [numbers of X_t | row number X_tj of embedding k | ...]   where column j of X holds categories, the k-th of
                                                    such columns; zeros where X_tj is negative or NaN
two directions (Schuster & Paliwal 1997)
    a layer with weights of a reverse direction reads each row from its last step to its first with these, too, and
    gives [h of the one direction after reading steps 1 .. t | h of the other after reading steps T .. t] at t
stacked layers
    the next one reads this sequence
dense layers
    v = act_d(v W + b), one after the other, from v = what the top layer gives
head
    o = v W_y + b_y                                 and s W_skip, where the head has such weights: s is read by it alone

The prediction is o of the last states, [h after step T | h of the reverse direction after step 1], or o of what
the top layer gives at each step.

Dropout (Gal & Ghahramani 2016) has masks of 0 and 1 / (1 - rate), the same at all steps of a row. A mask m of
what a level gives multiplies what the next level, dense layer or head reads of it, but not the state that the level
itself goes on with. A recurrent mask m stands inside the products with W_h alone: h W_h becomes (m * h) W_h,
(r * h) R_n becomes (r * m * h) R_n, and z h stays. Noise is added to X (Bishop 1995).

Weights are a dict of arrays. With G the number of blocks (rnn 1; lstm 4: i, f, g, o; gru 3: r, z, n), H the
number of hidden units of layer l, and n_in the number of columns that it reads, so of a layer above one of two
directions 2 H of that layer, its forward states first:

    embedding.W      (n_tokens, n_in of layer 0)     if X is ids
    embedding.{k}.W  (n_categories, size)            of the k-th column of X that holds categories
    layers.{l}.W_x   (n_in, G * H)
    layers.{l}.W_h   (H, G * H)
    layers.{l}.b     (G * H,)
    layers.{l}.b_hn  (H,)  gru with reset_after alone
    layers.{l}.reverse.W_x, W_h, b, b_hn             as these, if the layer has two directions
    dense.{k}.W      (n_in, n_units)                 if there are dense layers
    dense.{k}.b      (n_units,)
    head.W_y         (n_in, n_outputs)
    head.b_y         (n_outputs,)
    head.W_skip      (n_skip, n_outputs)             if outputs read s, too

Random numbers are Philox 4x32-10 (Salmon et al. 2011): a counter and a key give four words of 32 bits, so that
each number follows from what it is for and not from what was drawn before. The key is the seed, low word first. The
counter is (block, place, sample, update): `sample` is the number of the row in the data, `update` that of the
step of the optimizer, word q of a place stands in block q // 4. Places:

    0                       mask of the embeddings' vectors           word j is of column j, side by side
    1 + 2 l + d             mask of the states of layer l             word j is of hidden unit j
    65536 + 1 + 2 l + d     recurrent mask of layer l                 the same
    131072                  noise at feature k of step t              normal number t * n_features + k

with d = 0 for the forward and 1 for the reverse direction; what holds categories is no feature. A unit is kept if its
word is at least floor(rate * 2^32). Words w_0, w_1 of a block give its normal numbers 0 and 1 (Box & Muller 1958),
w_2, w_3 in the same way numbers 2 and 3. With u = (2 floor(w_0 / 4) + 1) / 2^31, and the lowest 30 bits of w_1, read
as a signed number b, the angle a = b / 2^30 pi / 2, which is within an eighth of a turn, they are

    sqrt(-2 ln u) (+-cos a, sin a)

where the highest bit of w_1 says minus, and the second that the two change places. Normal number q of a place is number
q % 64 // 16 of block 16 (q // 64) + q % 16.

Gradients are complex-step derivatives (Squire & Trapp 1998): no rule of differentiation is written down here,
so no mistake in one can be shared with the kernels.

References
----------
Elman (1990), Finding structure in time. Cognitive Science 14.
Hochreiter & Schmidhuber (1997), Long short-term memory. Neural Computation 9.
Gers, Schmidhuber & Cummins (2000), Learning to forget. Neural Computation 12.
Cho et al. (2014), Learning phrase representations using RNN encoder-decoder. EMNLP.
Schuster & Paliwal (1997), Bidirectional recurrent neural networks. IEEE Transactions on Signal Processing 45.
Bengio et al. (2003), A neural probabilistic language model. JMLR 3.
Guo & Berkhahn (2016), Entity embeddings of categorical variables. arXiv:1604.06737.
Gal & Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural networks. NIPS.
Bishop (1995), Training with noise is equivalent to Tikhonov regularization. Neural Computation 7.
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC11.
Box & Muller (1958), A note on the generation of random normal deviates. Annals of Mathematical Statistics 29.
Kingma & Ba (2015), Adam: a method for stochastic optimization. ICLR.
Loshchilov & Hutter (2019), Decoupled weight decay regularization. ICLR.
Dozat (2016), Incorporating Nesterov momentum into Adam. ICLR workshop.
Tieleman & Hinton (2012), Lecture 6.5: RMSprop. Neural networks for machine learning.
Duchi, Hazan & Singer (2011), Adaptive subgradient methods. JMLR 12.
Sutskever et al. (2013), On the importance of initialization and momentum in deep learning. ICML.
Lanczos (1964), A precision approximation of the gamma function. SIAM Journal on Numerical Analysis B 1.
Squire & Trapp (1998), Using complex variables to estimate derivatives of real functions. SIAM Review 40.
"""

import math

import numpy as np

N_BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}
WITH_B_HN = {"gru"}
COMPLEX_STEP = 1e-30  # nothing is subtracted, so it may be tiny: the derivative is exact to rounding
RECURRENT, NOISE = 65536, 131072  # places of random numbers: see above


def forward(
    cell, weights, X, activation="tanh", reset_after=True, window_norm=None, lengths=None, return_sequences=False,
    dense_activation="relu", masks=None, recurrent_masks=None, noise=None, categories=(), skip=None,
):  # fmt: skip
    """Return the predictions, step by step and layer by layer.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    weights : dict of ndarray
        As in the module docstring; real or complex. Their names say whether there is an embedding, which layers have
        two directions, and how many dense layers there are.
    X : ndarray of shape (n_samples, n_steps, n_features)
        Windows, oldest step first. With an embedding (n_samples, n_steps) or (n_samples, n_steps, 1) of ids. May
        hold anything at steps that a row does not have.
    activation : {"tanh", "relu"}
        rnn: of h. lstm: of the candidate g and of c. gru: of n. The gates keep their sigmoid.
    reset_after : bool
        gru alone: whether r multiplies after the product with R_n.
    window_norm : {None, "last"}
        "last": the last value of feature 0 that the row has (the window's level; 0 if it has none) is subtracted from
        feature 0 and added to every output. Not with an embedding.
    lengths : ndarray of shape (n_samples,), optional
        Number of steps that each row has, from its first column on. All n_steps where not given.
    return_sequences : bool
        Whether to predict at every step.
    dense_activation : {"tanh", "relu"}
        Of all dense layers.
    masks : dict of {int: ndarray of shape (n_samples, n)}, optional
        Dropout of what a level gives: 0 of the embedding's vectors, 1 + 2 * l + d of the states of layer l in direction
        d. Nothing is dropped where there is no mask.
    recurrent_masks : dict of {(l, d): ndarray of shape (n_samples, n_hidden)}, optional
        Dropout inside the products with W_h of layer l in direction d.
    noise : ndarray of shape (n_samples, n_steps, n_features), optional
        Added to the numbers of X, from which the level was subtracted. Not with an embedding of ids.
    categories : sequence of int, optional
        The columns of X that hold categories.
    skip : ndarray of shape (n_samples, n_skip), optional
        s, what the head reads beside the last states.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        With return_sequences (n_samples, n_steps, n_outputs), zero at steps that a row does not have.
    """
    act, dense_act = ACTIVATIONS[activation], ACTIVATIONS[dense_activation]
    masks, recurrent_masks = masks or {}, recurrent_masks or {}
    exists = _exists(*np.shape(X)[:2], lengths)
    if "embedding.W" in weights:
        assert window_norm is None and noise is None, "ids have neither level nor noise"
        level = np.zeros(len(X))
        x = _dropped(_embed(weights["embedding.W"], X, exists), masks.get(0))
    else:
        x, level = _read(np.delete(X, categories, axis=2), exists, window_norm, noise)
        tables = [weights[f"embedding.{k}.W"] for k in range(len(categories))]
        vectors = [_vectors_of(W, X[:, :, j], exists) for W, j in zip(tables, categories, strict=True)]
        if vectors:
            x = np.concatenate([x, _dropped(np.concatenate(vectors, axis=2), masks.get(0))], axis=2)

    layer = 0
    while f"layers.{layer}.W_x" in weights:
        sequences, ends = [], []
        for d, prefix in enumerate(_directions(weights, layer)):
            p = {name: weights[prefix + name] for name in _layer_names(cell, reset_after)}
            states, end = _walk(STEPS[cell], p, x, exists, d == 1, act, recurrent_masks.get((layer, d)))
            sequences.append(_dropped(states, masks.get(1 + 2 * layer + d)))
            ends.append(_dropped(end, masks.get(1 + 2 * layer + d)))
        x = np.concatenate(sequences, axis=2)  # (n_samples, n_steps, n_hidden of all directions)
        layer += 1

    v = x if return_sequences else np.concatenate(ends, axis=1)
    k = 0
    while f"dense.{k}.W" in weights:
        v = dense_act(v @ weights[f"dense.{k}.W"] + weights[f"dense.{k}.b"])
        k += 1
    outputs = v @ weights["head.W_y"] + weights["head.b_y"]
    if skip is not None:
        outputs = outputs + skip @ weights["head.W_skip"]
    if return_sequences:
        return np.where(exists[:, :, None], outputs + level[:, None, None], 0)
    return outputs + level[:, None]


def _exists(n_samples, n_steps, lengths):
    """Return whether a row has a step: booleans of shape (n_samples, n_steps)."""
    lengths = np.full(n_samples, n_steps) if lengths is None else np.asarray(lengths)
    assert lengths.shape == (n_samples,) and np.all((lengths >= 0) & (lengths <= n_steps)), f"lengths: {lengths}"
    return np.arange(n_steps) < lengths[:, None]


def _read(X, exists, window_norm, noise):
    """Return what the first layer reads, and the level of each row that it does not see: of shape (n_samples,)."""
    x = np.where(exists[:, :, None], np.asarray(X, dtype=np.float64), 0.0)
    last_values = x[np.arange(len(x)), exists.sum(axis=1) - 1, 0]  # 0 of a row without steps
    level = {None: np.zeros(len(x)), "last": last_values}[window_norm]
    x[:, :, 0] -= level[:, None]
    return (x if noise is None else x + noise), level


def _embed(W, X, exists):
    """Return the vectors of ids, of shape (n_samples, n_steps, size); at steps that a row does not have, of any id."""
    ids = np.reshape(X, exists.shape)
    return W[np.where(exists, ids, 0).astype(int)]


def _vectors_of(W, numbers, exists):
    """Return the vectors of categories, of shape (n_samples, n_steps, size), zeros where there is none."""
    is_one = exists & (np.nan_to_num(numbers, nan=-1) >= 0)
    return np.where(is_one[:, :, None], W[np.where(is_one, numbers, 0).astype(int)], 0)


def _dropped(values, mask):
    """Return the values under the mask of their rows, which is the same at all steps."""
    if mask is None:
        return values
    assert mask.shape == (values.shape[0], values.shape[-1]), f"mask of shape {mask.shape} for {values.shape}"
    return values * (mask if values.ndim == 2 else mask[:, None])


def _directions(weights, layer):
    """Return what the names of the layer's weights begin with, for each direction that it has."""
    prefixes = [f"layers.{layer}.", f"layers.{layer}.reverse."]
    return [prefix for prefix in prefixes if prefix + "W_x" in weights]


def _walk(step, p, x, exists, is_reverse, act, mask):
    """Return the states of one direction at all steps, and the state after the walk.

    A row keeps its state at steps that it does not have. In the reverse direction this is 0 until its own last step.
    """
    n_samples, n_steps, _ = x.shape
    masks = [] if mask is None else [mask]
    h = c = np.zeros((n_samples, p["W_h"].shape[0]))
    states = [None] * n_steps
    for t in reversed(range(n_steps)) if is_reverse else range(n_steps):
        here = exists[:, t, None]
        h_new, c_new = step(p, x[:, t], h, c, act, *masks)
        h, c = np.where(here, h_new, h), np.where(here, c_new, c)
        states[t] = h
    return np.stack(states, axis=1), h  # (n_samples, n_steps, n_hidden), (n_samples, n_hidden)


def loss(
    cell, weights, X, y, activation="tanh", reset_after=True, window_norm=None, lengths=None, name="squared_error",
    numbers=(0.0,), sample_weight=None, scales=1.0, **of_network,
):  # fmt: skip
    """Return the mean loss (see `mean_loss`) of the predictions for X; `of_network` goes to `forward`."""
    outputs = forward(cell, weights, X, activation, reset_after, window_norm, lengths, **of_network)
    return mean_loss(outputs, y, name, numbers, sample_weight, lengths, scales)


def mean_loss(outputs, y, name="squared_error", numbers=(0.0,), sample_weight=None, lengths=None, scales=1.0):
    """Return the weighted mean of the loss of that name over samples and outputs; y has shape (n_samples, n_targets).

    Of `numbers` each target has an output for each, of a distribution one for each of its parameters. Of "classes" the
    one target is the number of the class. With outputs of all steps and y of shape (n_samples, n_steps, n_targets),
    each step that a row has counts as a sample, with the weight of its row. A target that is NaN has no loss, and the
    mean is over all others; weights may then be of shape (n_samples, n_targets), too. Where y are counts, `scales`,
    which can be brought to their shape, are those of their windows.
    """
    if outputs.ndim == 3:
        exists = _exists(*outputs.shape[:2], lengths)
        assert y.shape[:2] == exists.shape, f"y has shape {y.shape}, the outputs {outputs.shape}"
        weights = None if sample_weight is None else np.repeat(sample_weight, exists.sum(axis=1))
        return mean_loss(outputs[exists], y[exists], name, numbers, weights)
    if name == "classes":
        o = outputs - outputs.real.max(axis=1, keepdims=True)
        losses = np.log(np.exp(o).sum(axis=1)) - o[np.arange(len(o)), y[:, 0].astype(int)]
        return np.average(losses, weights=sample_weight)
    o = outputs.reshape(*y.shape, N_PARAMETERS.get(name, len(numbers)))
    known = np.nan_to_num(y)[:, :, None]
    if name in N_PARAMETERS:
        losses = LIKELIHOODS[name](known, *parameters(name, o, 0, np.reshape(scales, np.shape(scales) + (1,))))
    else:
        losses = LOSSES[name](parameters(name, o), known, np.array(numbers))
    if np.isnan(y).any() or np.ndim(sample_weight) == 2:
        of_targets = np.ones(y.shape) if sample_weight is None else sample_weight
        return np.average(losses.mean(axis=2), weights=np.where(np.isnan(y), 0, of_targets))
    return np.average(losses.mean(axis=(1, 2)), weights=sample_weight)


def parameters(name, o, level=0.0, scale=1.0):
    """Return what outputs, the last axis those of one target, are the prediction of.

    A list of arrays, the parameters of the distribution, that keep this axis with one number; else one array. What is
    positive is log(1 + e^o) and a floor. Of several quantiles the one in the middle is its output, and each of the
    others so much further away from there than the one before. `level` and `scale` are those of the windows.
    """

    def positive(k, least):
        return np.log(1 + np.exp(o[..., k, None])) + least

    if name == "normal":
        return [o[..., :1] * scale + level, positive(1, 1e-3) * scale]
    if name == "student_t":
        return [o[..., :1] * scale + level, positive(1, 1e-3) * scale, positive(2, 2.001)]
    if name == "poisson":
        return [np.exp(o) * scale]
    if name == "negative_binomial":
        return [positive(0, 1e-6) * scale, positive(1, 1e-6)]
    if o.shape[-1] > 1:
        quantiles, middle = [o[..., o.shape[-1] // 2]], o.shape[-1] // 2
        for k in range(middle + 1, o.shape[-1]):
            quantiles.append(quantiles[-1] + positive(k, 0)[..., 0])
        for k in reversed(range(middle)):
            quantiles.insert(0, quantiles[0] - positive(k, 0)[..., 0])
        o = np.stack(quantiles, axis=-1)
    return {"binary": lambda: 1 / (1 + np.exp(-o))}.get(name, lambda: o * scale + level)()


def log_gamma(x):
    """Return log Gamma of numbers with a positive real part, real or complex (Lanczos 1964, Godfrey's coefficients)."""
    terms = [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ]  # fmt: skip
    series = terms[0] + sum(term / (x + k) for k, term in enumerate(terms[1:]))
    return np.log(2 * np.pi) / 2 + (x - 0.5) * np.log(x + 6.5) - (x + 6.5) + np.log(series)


def _rising_factorial(r, y):
    """Return log Gamma(r + y) - log Gamma(r) for integers y."""
    factors = np.arange(int(np.max(y, initial=0)))
    return np.where(factors < y, np.log(r + factors), 0).sum(axis=-1, keepdims=True)


def _negative_binomial(y, m, d):
    """Return the negative log of C(y + 1 / d - 1, y) (1 + d m)^(-1 / d) (d m / (1 + d m))^y."""
    p = 1 / (1 + d * m)
    of_count = _rising_factorial(1.0, y) - _rising_factorial(1 / d, y)
    return of_count - np.log(p) / d - y * np.log(1 - p)


LIKELIHOODS = {
    "normal": lambda y, m, s: np.log(2 * np.pi * s**2) / 2 + (y - m) ** 2 / (2 * s**2),
    "student_t": lambda y, m, s, v: (
        log_gamma(v / 2) - log_gamma((v + 1) / 2) + np.log(np.pi * v * s**2) / 2
        + (v + 1) / 2 * np.log(1 + (y - m) ** 2 / (v * s**2))
    ),
    "poisson": lambda y, m: m - y * np.log(m),
    "negative_binomial": _negative_binomial,
}  # fmt: skip
N_PARAMETERS = {"normal": 2, "student_t": 3, "poisson": 1, "negative_binomial": 2}


def _abs(x):
    """Return |x| for the real part's sign, so that a complex step through it has the right derivative."""
    return x * np.sign(x.real)


LOSSES = {
    "squared_error": lambda o, y, _: (o - y) ** 2,
    "absolute_error": lambda o, y, _: _abs(o - y),
    "huber": lambda o, y, d: np.where(np.abs(o.real - y) <= d, (o - y) ** 2 / 2, d * (_abs(o - y) - d / 2)),
    "binary": lambda p, y, _: -np.log(np.where(y == 1, p, 1 - p)),
    "quantile": lambda o, y, q: np.where(o.real > y, (1 - q) * (o - y), q * (y - o)),
}


def gradient(cell, weights, X, y, *options, **named_options):
    """Return d loss / d w for every single weight w, as a dict with the keys and shapes of `weights`.

    f'(w) = Im f(w + i step) / step, one forward pass for each weight. The options are those of `loss`.
    """
    gradients = {}
    for name, values in weights.items():
        gradients[name] = np.empty(values.shape)
        for index in np.ndindex(values.shape):
            stepped = values.astype(np.complex128)
            stepped[index] += 1j * COMPLEX_STEP
            value = loss(cell, {**weights, name: stepped}, X, y, *options, **named_options)
            gradients[name][index] = value.imag / COMPLEX_STEP
    return gradients


def random_weights(
    cell, n_features, hidden_layer_sizes, n_outputs, reset_after, rng, bidirectional=False, dense_layer_sizes=(),
    n_tokens=None, categories=(), n_skip=0,
):  # fmt: skip
    """Return normal random weights, biases included, so small that no gate is fully open or shut.

    With `n_tokens` there is an embedding, and `n_features` is the size of its vectors. Of each column of X that holds
    categories its number, how many there are, and the size of their vectors are given.
    """
    weights = {}
    if n_tokens is not None:
        weights["embedding.W"] = rng.normal(size=(n_tokens, n_features))
    for k, (_, n_categories, size) in enumerate(categories):
        weights[f"embedding.{k}.W"] = rng.normal(size=(n_categories, size))
    n_in = n_features + sum(size - 1 for *_, size in categories)
    for layer, n_hidden in enumerate(hidden_layer_sizes):
        n_gated = N_BLOCKS[cell] * n_hidden
        shapes = {"W_x": (n_in, n_gated), "W_h": (n_hidden, n_gated), "b": (n_gated,), "b_hn": (n_hidden,)}
        for direction in ("", "reverse.") if bidirectional else ("",):
            for name in _layer_names(cell, reset_after):
                values = rng.normal(scale=n_hidden**-0.5, size=shapes[name])
                weights[f"layers.{layer}.{direction}{name}"] = values
        n_in = 2 * n_hidden if bidirectional else n_hidden
    for k, n_units in enumerate(dense_layer_sizes):
        weights[f"dense.{k}.W"] = rng.normal(scale=n_in**-0.5, size=(n_in, n_units))
        weights[f"dense.{k}.b"] = rng.normal(scale=n_in**-0.5, size=n_units)
        n_in = n_units
    weights["head.W_y"] = rng.normal(scale=n_in**-0.5, size=(n_in, n_outputs))
    weights["head.b_y"] = rng.normal(scale=n_in**-0.5, size=n_outputs)
    if n_skip:
        weights["head.W_skip"] = rng.normal(scale=n_skip**-0.5, size=(n_skip, n_outputs))
    return weights


def philox(counter, key):
    """Return four words of 32 bits from a counter of four and a key of two: Philox 4x32-10 of Salmon et al. (2011)."""
    (x0, x1, x2, x3), (k0, k1) = map(int, counter), map(int, key)
    for _ in range(10):
        high_0, low_0 = divmod(0xD2511F53 * x0, 2**32)
        high_2, low_2 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high_2 ^ x1 ^ k0, low_2, high_0 ^ x3 ^ k1, low_0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return x0, x1, x2, x3


def _words(seed, update, sample, place, n):
    """Return the first n words of a place."""
    key = (seed & 0xFFFFFFFF, seed >> 32)
    blocks = [philox((block, place, sample, update), key) for block in range(math.ceil(n / 4))]
    return [word for block in blocks for word in block][:n]


def dropout_mask(seed, update, samples, place, n, rate):
    """Return a mask of 0 and 1 / (1 - rate) for n units of each sample, of shape (n_samples, n).

    `samples` are the numbers of the rows; places stand in the module docstring.
    """
    words = np.array([_words(seed, update, sample, place, n) for sample in samples])
    return np.where(words >= math.floor(rate * 2**32), 1 / (1 - rate), 0.0)


def input_noise(seed, update, samples, n_steps, n_features, scale):
    """Return normal numbers with a standard deviation of `scale`, of shape (n_samples, n_steps, n_features)."""
    n = n_steps * n_features
    words = [_words(seed, update, sample, NOISE, 64 * math.ceil(n / 64)) for sample in samples]
    words = np.reshape(words, (-1, 16, 2, 2))  # of group and sample, block, pair, word
    radius = np.sqrt(-2 * np.log((words[..., 0] // 4 * 2 + 1) / 2**31))
    signs, changed = np.where(words[..., 1] >> 31, -1, 1), (words[..., 1] >> 30 & 1).astype(bool)
    low = words[..., 1] % 2**30
    angle = np.where(low < 2**29, low, low - 2**30) / 2**30 * np.pi / 2
    pairs = np.stack([signs * np.cos(angle), np.sin(angle)], axis=1)  # (groups, 2, 16, pair)
    pairs = np.where(changed[:, np.newaxis], pairs[:, ::-1], pairs) * radius[:, np.newaxis]
    normal = pairs.transpose(0, 3, 1, 2).reshape(len(samples), -1)  # (samples, groups * pair * 2 * 16)
    return scale * normal[:, :n].reshape(-1, n_steps, n_features)


def train(
    parameters, gradients_fn, n_steps, learning_rate, optimizer="adam", alpha=0.0, clip_value=np.inf, clip_norm=np.inf,
    **constants,
):  # fmt: skip
    """Return the parameters after some steps of an optimizer, each as its paper writes it.

    Before each step `alpha` times each weight is added to its gradient (but see "adamw"), the gradients are cut to
    +-`clip_value`, and those of all parameters together are scaled by min(1, clip_norm / ||g||).

    Parameters
    ----------
    parameters : dict of ndarray
        Left as they are. Those of one axis are biases, which do not decay.
    gradients_fn : callable
        Takes such a dict, gives back the dict of gradients.
    learning_rate : float or callable
        A callable is given the number of the step, from 1.
    constants : float
        Those of the optimizer that differ from its defaults.
    """
    theta = {name: np.array(values, dtype=np.float64) for name, values in parameters.items()}
    memory = {name: {"m": np.zeros_like(values), "v": np.zeros_like(values)} for name, values in theta.items()}
    for t in range(1, n_steps + 1):
        rate = learning_rate(t) if callable(learning_rate) else learning_rate
        gradients = dict(gradients_fn(theta))
        for name in theta:
            if theta[name].ndim == 2 and optimizer == "adamw":
                theta[name] = theta[name] - rate * alpha * theta[name]
            elif theta[name].ndim == 2:
                gradients[name] = gradients[name] + alpha * theta[name]
            gradients[name] = np.clip(gradients[name], -clip_value, clip_value)
        norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
        scale = clip_norm / norm if norm > clip_norm else 1.0
        for name in theta:
            change = OPTIMIZERS[optimizer](scale * gradients[name], memory[name], t, rate, **constants)
            theta[name] = theta[name] - change
    return theta


def _adam(g, memory, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Kingma & Ba (2015), algorithm 1."""
    memory["m"] = beta_1 * memory["m"] + (1 - beta_1) * g
    memory["v"] = beta_2 * memory["v"] + (1 - beta_2) * g**2
    m_hat = memory["m"] / (1 - beta_1**t)
    v_hat = memory["v"] / (1 - beta_2**t)
    return rate * m_hat / (np.sqrt(v_hat) + epsilon)


def _nadam(g, memory, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Dozat (2016), algorithm 2, with the momenta that its section 3 proposes."""
    momentum = [beta_1 * (1 - 0.5 * 0.96 ** (k / 250)) for k in range(1, t + 2)]  # of steps 1 ... t + 1
    g_hat = g / (1 - np.prod(momentum[:t]))
    memory["m"] = beta_1 * memory["m"] + (1 - beta_1) * g
    m_hat = memory["m"] / (1 - np.prod(momentum))
    memory["v"] = beta_2 * memory["v"] + (1 - beta_2) * g**2
    v_hat = memory["v"] / (1 - beta_2**t)
    m_bar = (1 - momentum[t - 1]) * g_hat + momentum[t] * m_hat
    return rate * m_bar / (np.sqrt(v_hat) + epsilon)


def _rmsprop(g, memory, t, rate, beta_2=0.9, epsilon=1e-8):
    """Tieleman & Hinton (2012), lecture 6.5."""
    memory["v"] = beta_2 * memory["v"] + (1 - beta_2) * g**2
    return rate * g / (np.sqrt(memory["v"]) + epsilon)


def _adagrad(g, memory, t, rate, epsilon=1e-8):
    """Duchi, Hazan & Singer (2011), figure 1, with the diagonal of the matrix."""
    memory["v"] = memory["v"] + g**2
    return rate * g / (np.sqrt(memory["v"]) + epsilon)


def _sgd(g, memory, t, rate, momentum=0.9, nesterovs_momentum=True):
    """Sutskever et al. (2013), equations 1 and 2, and 3 and 4 in the variables of the point that looks ahead."""
    memory["m"] = momentum * memory["m"] + g
    return rate * (g + momentum * memory["m"] if nesterovs_momentum else memory["m"])


OPTIMIZERS = {
    "adam": _adam, "adamw": _adam, "nadam": _nadam, "rmsprop": _rmsprop, "adagrad": _adagrad, "sgd": _sgd,
}  # fmt: skip


def _rnn_step(p, x, h, c, act, m=1.0):
    """Return (h, c) one step on; x has shape (n_samples, n_in), h and the mask m (n_samples, n_hidden), c passes."""
    return act(x @ p["W_x"] + (m * h) @ p["W_h"] + p["b"]), c


def _lstm_step(p, x, h, c, act, m=1.0):
    """Return (h, c) one step on; x has shape (n_samples, n_in), h, c and the mask m (n_samples, n_hidden)."""
    i, f, g, o = np.split(x @ p["W_x"] + (m * h) @ p["W_h"] + p["b"], 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * act(g)
    return _sigmoid(o) * act(c), c


def _gru_step(p, x, h, c, act, m=1.0):
    """Return (h, c) one step on, reset after if there is a b_hn; shapes as in `_rnn_step`."""
    W_r, W_z, W_n = np.split(p["W_x"], 3, axis=1)
    R_r, R_z, R_n = np.split(p["W_h"], 3, axis=1)
    b_r, b_z, b_n = np.split(p["b"], 3)
    r = _sigmoid(x @ W_r + (m * h) @ R_r + b_r)
    z = _sigmoid(x @ W_z + (m * h) @ R_z + b_z)
    recalled = r * ((m * h) @ R_n + p["b_hn"]) if "b_hn" in p else (r * m * h) @ R_n
    n = act(x @ W_n + b_n + recalled)
    return (1 - z) * n + z * h, c


def _layer_names(cell, reset_after):
    """Return the names of one layer's weights."""
    return ["W_x", "W_h", "b"] + (["b_hn"] if cell in WITH_B_HN and reset_after else [])


def _sigmoid(a):
    """Return 1 / (1 + exp(-a)), in a form that never overflows, for real or complex a."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def _relu(a):
    """Return a where its real part is positive, else 0: the complex step must not change the branch."""
    return np.where(a.real > 0, a, 0)


ACTIVATIONS = {"tanh": np.tanh, "relu": _relu}
STEPS = {"rnn": _rnn_step, "lstm": _lstm_step, "gru": _gru_step}
