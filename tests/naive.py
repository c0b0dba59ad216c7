"""The slow twin: every network in its plainest form, to judge the fast kernels by. Imports NumPy alone.

One layer turns a sequence x_1 .. x_T into h_1 .. h_T, starting from h_0 = 0 (and c_0 = 0). With s the
logistic sigmoid, act the activation (tanh or relu), juxtaposition of a row vector and a matrix the matrix
product, and all other products elementwise:

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

Layers are stacked: the next one reads the sequence of h. The prediction is h_T of the top layer @ W_y + b_y.

Weights are a dict of arrays. With G the number of blocks (rnn 1; lstm 4: i, f, g, o; gru 3: r, z, n) and H
the number of hidden units of layer l:

    layers.{l}.W_x   (n_in, G * H)           head.W_y   (H of the top layer, n_outputs)
    layers.{l}.W_h   (H, G * H)              head.b_y   (n_outputs,)
    layers.{l}.b     (G * H,)
    layers.{l}.b_hn  (H,)  gru with reset_after alone

Gradients are complex-step derivatives (Squire & Trapp 1998): no rule of differentiation is written down here,
so no mistake in one can be shared with the kernels.

References
----------
Elman (1990), Finding structure in time. Cognitive Science 14.
Hochreiter & Schmidhuber (1997), Long short-term memory. Neural Computation 9.
Gers, Schmidhuber & Cummins (2000), Learning to forget. Neural Computation 12.
Cho et al. (2014), Learning phrase representations using RNN encoder-decoder. EMNLP.
Kingma & Ba (2015), Adam: a method for stochastic optimization. ICLR.
Loshchilov & Hutter (2019), Decoupled weight decay regularization. ICLR.
Dozat (2016), Incorporating Nesterov momentum into Adam. ICLR workshop.
Tieleman & Hinton (2012), Lecture 6.5: RMSprop. Neural networks for machine learning.
Duchi, Hazan & Singer (2011), Adaptive subgradient methods. JMLR 12.
Sutskever et al. (2013), On the importance of initialization and momentum in deep learning. ICML.
Squire & Trapp (1998), Using complex variables to estimate derivatives of real functions. SIAM Review 40.
"""

import numpy as np

N_BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}
WITH_B_HN = {"gru"}
COMPLEX_STEP = 1e-30  # nothing is subtracted, so it may be tiny: the derivative is exact to rounding


def forward(cell, weights, X, activation="tanh", reset_after=True, window_norm=None):
    """Return the predictions, step by step and layer by layer.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    weights : dict of ndarray
        As in the module docstring; real or complex.
    X : ndarray of shape (n_samples, n_steps, n_features)
        Windows, oldest step first.
    activation : {"tanh", "relu"}
        rnn: of h. lstm: of the candidate g and of c. gru: of n. The gates keep their sigmoid.
    reset_after : bool
        gru alone: whether r multiplies after the product with R_n.
    window_norm : {None, "last"}
        "last": the last value of feature 0 (the window's level) is subtracted from feature 0 and added to
        every output.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    act = {"tanh": np.tanh, "relu": _relu}[activation]
    layer_step = STEPS[cell]
    x = np.array(X, dtype=np.float64)
    level = {None: 0.0 * x[:, -1, 0], "last": 1.0 * x[:, -1, 0]}[window_norm]  # (n_samples,)
    x[:, :, 0] -= level[:, None]

    layer = 0
    while f"layers.{layer}.W_x" in weights:
        p = {name: weights[f"layers.{layer}.{name}"] for name in _layer_names(cell, reset_after)}
        n_samples, n_steps, _ = x.shape
        h = c = np.zeros((n_samples, p["W_h"].shape[0]))
        sequence = []
        for t in range(n_steps):
            h, c = layer_step(p, x[:, t], h, c, act)
            sequence.append(h)
        x = np.stack(sequence, axis=1)  # (n_samples, n_steps, n_hidden)
        layer += 1
    return x[:, -1] @ weights["head.W_y"] + weights["head.b_y"] + level[:, None]


def loss(
    cell, weights, X, y, activation="tanh", reset_after=True, window_norm=None, **of_loss,
):  # fmt: skip
    """Return the mean loss of the predictions for X; `of_loss` goes to `mean_loss`."""
    return mean_loss(forward(cell, weights, X, activation, reset_after, window_norm), y, **of_loss)


def mean_loss(outputs, y, name="squared_error", numbers=(0.0,), sample_weight=None):
    """Return the weighted mean of the loss of that name over samples and outputs; y has shape (n_samples, n_targets).

    Of `numbers` each target has an output for each. Of "classes" the one target is the number of the class.
    """
    if name == "classes":
        o = outputs - outputs.real.max(axis=1, keepdims=True)
        losses = np.log(np.exp(o).sum(axis=1)) - o[np.arange(len(o)), y[:, 0].astype(int)]
        return np.average(losses, weights=sample_weight)
    y = np.repeat(y, len(numbers), axis=1)
    assert outputs.shape == y.shape, f"y has shape {y.shape}, the outputs {outputs.shape}"
    losses = LOSSES[name](outputs, y, np.resize(numbers, y.shape[1]))
    return np.average(losses.mean(axis=1), weights=sample_weight)


def _abs(x):
    """Return |x| for the real part's sign, so that a complex step through it has the right derivative."""
    return x * np.sign(x.real)


LOSSES = {
    "squared_error": lambda o, y, _: (o - y) ** 2,
    "absolute_error": lambda o, y, _: _abs(o - y),
    "huber": lambda o, y, d: np.where(np.abs(o.real - y) <= d, (o - y) ** 2 / 2, d * (_abs(o - y) - d / 2)),
    "poisson": lambda o, y, _: np.exp(o) - y * o,
    "binary": lambda o, y, _: np.log(1 + np.exp(o)) - y * o,
    "quantile": lambda o, y, q: np.where(o.real > y, (1 - q) * (o - y), q * (y - o)),
}


def gradient(
    cell, weights, X, y, activation="tanh", reset_after=True, window_norm=None, **of_loss,
):  # fmt: skip
    """Return d loss / d w for every single weight w, as a dict with the keys and shapes of `weights`.

    f'(w) = Im f(w + i step) / step, one forward pass for each weight.
    """
    gradients = {}
    for name, values in weights.items():
        gradients[name] = np.empty(values.shape)
        for index in np.ndindex(values.shape):
            stepped = values.astype(np.complex128)
            stepped[index] += 1j * COMPLEX_STEP
            value = loss(cell, {**weights, name: stepped}, X, y, activation, reset_after, window_norm, **of_loss)
            gradients[name][index] = value.imag / COMPLEX_STEP
    return gradients


def random_weights(cell, n_features, hidden_layer_sizes, n_outputs, reset_after, rng):
    """Return normal random weights, biases included, so small that no gate is fully open or shut."""
    weights = {}
    n_in = n_features
    for layer, n_hidden in enumerate(hidden_layer_sizes):
        n_gated = N_BLOCKS[cell] * n_hidden
        shapes = {"W_x": (n_in, n_gated), "W_h": (n_hidden, n_gated), "b": (n_gated,), "b_hn": (n_hidden,)}
        for name in _layer_names(cell, reset_after):
            weights[f"layers.{layer}.{name}"] = rng.normal(scale=n_hidden**-0.5, size=shapes[name])
        n_in = n_hidden
    weights["head.W_y"] = rng.normal(scale=n_in**-0.5, size=(n_in, n_outputs))
    weights["head.b_y"] = rng.normal(scale=n_in**-0.5, size=n_outputs)
    return weights


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


def _rnn_step(p, x, h, c, act):
    """Return (h, c) one step on; x has shape (n_samples, n_in), h (n_samples, n_hidden), c passes."""
    return act(x @ p["W_x"] + h @ p["W_h"] + p["b"]), c


def _lstm_step(p, x, h, c, act):
    """Return (h, c) one step on; x has shape (n_samples, n_in), h and c (n_samples, n_hidden)."""
    i, f, g, o = np.split(x @ p["W_x"] + h @ p["W_h"] + p["b"], 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * act(g)
    return _sigmoid(o) * act(c), c


def _gru_step(p, x, h, c, act):
    """Return (h, c) one step on, reset after if there is a b_hn; shapes as in `_rnn_step`."""
    W_r, W_z, W_n = np.split(p["W_x"], 3, axis=1)
    R_r, R_z, R_n = np.split(p["W_h"], 3, axis=1)
    b_r, b_z, b_n = np.split(p["b"], 3)
    r = _sigmoid(x @ W_r + h @ R_r + b_r)
    z = _sigmoid(x @ W_z + h @ R_z + b_z)
    recalled = r * (h @ R_n + p["b_hn"]) if "b_hn" in p else (r * h) @ R_n
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


STEPS = {"rnn": _rnn_step, "lstm": _lstm_step, "gru": _gru_step}
