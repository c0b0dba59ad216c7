"""Make `pytorch_layers.npz`: rows of unequal lengths, both directions, all steps, tokens, dense layers and dropout.

Run from anywhere, on the CPU, with no other part of this project installed:

    pip install numpy torch            # made with numpy 2.4.6, torch 2.13.0
    python tests/reference/make_pytorch_layers.py

Rows of unequal lengths go through PyTorch's own layers as packed sequences. A recurrent mask m has no place there:
rows under one go through alone, each with its own W_h, since (m * h) W_h = h (diag(m) W_h). How a file of such cases is
laid out says `reference_cases.LayerCase`; the layout of the weights and the two biases of PyTorch, `make_pytorch.py`.

torch is imported inside the functions, as pytest --doctest-modules reads this file where there is none.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from reference_cases import LayerCase, write_layer_cases

SEED = 20144
N_STEPS, N_FEATURES, N_OUTPUTS, N_TOKENS = 5, 2, 3, 6
LENGTHS = np.array([3, 5, 1, 4, 5, 2])
HERE = np.arange(N_STEPS) < LENGTHS[:, None]
HIDDEN_LAYER_SIZES = (4, 2)
WEIGHT_SCALE = 0.5
CELLS = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
KINDS = {
    "last": dict(directions=2),
    "all": dict(directions=1, return_sequences=True, dense=(5,)),
    "tokens-all": dict(directions=2, tokens=True, return_sequences=True, dense=(5,), dense_activation="tanh"),
    "dropout-last": dict(directions=2, tokens=True, dense=(6, 4), dropout=True),
    "dropout-all": dict(directions=2, return_sequences=True, dropout=True),
}


def main():
    import torch

    cases = [
        first_alive(f"{cell}-{activation}-{kind}", cell, activation, **options)
        for cell, activation in CELLS
        for kind, options in KINDS.items()
    ]
    write_layer_cases("pytorch_layers", [f"torch {torch.__version__}", f"numpy {np.__version__}"], cases)


def first_alive(name, *settings, **options):
    """Return the case of the first seed that leaves at least half of every gradient other than zero."""
    for seed in range(SEED, SEED + 1000):
        case = make(name, *settings, np.random.default_rng(seed), **options)
        if all(2 * np.sum(gradient == 0) < gradient.size for gradient in case.gradients.values()):
            return case
    raise AssertionError(f"{name}: relu units are dead whatever the seed")


def make(
    name, cell, activation, rng, directions, tokens=False, return_sequences=False, dense=(), dense_activation="relu",
    dropout=False,
):  # fmt: skip
    """Return the `LayerCase`: data, weights and masks, then forward, loss, backward, and everything converted.

    Steps that a row does not have are NaN in X and y, so that whoever reads them fails.
    """
    import torch

    modules = build(cell, activation, directions, tokens, dense, rng)
    if tokens:
        X = np.where(HERE, rng.permutation(np.arange(HERE.size) % N_TOKENS).reshape(HERE.shape), np.nan)
    else:
        X = np.where(HERE[:, :, None], rng.normal(size=(*HERE.shape, N_FEATURES)), np.nan)
    masks, recurrent_masks = draw_masks(directions, tokens, rng) if dropout else ({}, {})
    predictions = predict(modules, X, return_sequences, dense_activation, masks, recurrent_masks)
    if tokens and return_sequences:
        y, sample_weight = np.where(HERE, rng.integers(N_OUTPUTS, size=HERE.shape), np.nan)[:, :, None], None
        loss = cross_entropy(predictions, y)
    else:
        y, sample_weight = rng.normal(size=predictions.shape), rng.uniform(0.2, 2.0, size=len(X))
        if return_sequences:
            y[~HERE] = np.nan
        loss = squared_error(predictions, y, sample_weight)
    loss.backward()
    with torch.no_grad():
        return LayerCase(
            name=name,
            cell=cell,
            activation=activation,
            dense_activation=dense_activation,
            return_sequences=return_sequences,
            loss_name="squared_error" if sample_weight is not None else "classes",
            weights=convert(cell, modules, lambda parameter: parameter, add_biases=True),
            X=X,
            lengths=LENGTHS,
            y=y,
            sample_weight=np.ones(len(X)) if sample_weight is None else sample_weight,
            masks=masks,
            recurrent_masks=recurrent_masks,
            predictions=predictions.numpy(),
            loss=loss.item(),
            gradients=convert(cell, modules, lambda parameter: parameter.grad, add_biases=False),
        )


def build(cell, activation, directions, tokens, dense, rng):
    """Return {our place: module}, with one torch layer for each hidden size."""
    import torch

    modules, n_in = {}, N_FEATURES
    if tokens:
        modules["embedding"] = torch.nn.Embedding(N_TOKENS, N_FEATURES, dtype=torch.float64)
    for index, n_hidden in enumerate(HIDDEN_LAYER_SIZES):
        options = {"batch_first": True, "bidirectional": directions == 2, "dtype": torch.float64}
        if cell == "rnn":
            options["nonlinearity"] = activation
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
        modules[f"layers.{index}"] = kind(n_in, n_hidden, **options)
        n_in = directions * n_hidden
    for index, n_units in enumerate(dense):
        modules[f"dense.{index}"] = torch.nn.Linear(n_in, n_units, dtype=torch.float64)
        n_in = n_units
    modules["head"] = torch.nn.Linear(n_in, N_OUTPUTS, dtype=torch.float64)
    for module in modules.values():
        for parameter in module.parameters():  # NumPy's generator: the same numbers from any version of torch
            parameter.data = torch.from_numpy(rng.normal(scale=WEIGHT_SCALE, size=tuple(parameter.shape)))
    return modules


def draw_masks(directions, tokens, rng, rate=0.25):
    """Return masks of every place, by our names: of what levels give, and recurrent ones."""

    def draw(n):
        return rng.binomial(1, 1 - rate, size=(len(LENGTHS), n)) / (1 - rate)

    masks, recurrent_masks = {0: draw(N_FEATURES)} if tokens else {}, {}
    for index, n_hidden in enumerate(HIDDEN_LAYER_SIZES):
        for direction in range(directions):
            masks[1 + 2 * index + direction] = draw(n_hidden)
            recurrent_masks[index, direction] = draw(n_hidden)
    return masks, recurrent_masks


def predict(modules, X, return_sequences, dense_activation, masks, recurrent_masks):
    import torch

    x = torch.from_numpy(X)
    if "embedding" in modules:
        x = modules["embedding"](x.nan_to_num(0).to(torch.int64))
        if masks:
            x = x * torch.from_numpy(masks[0])[:, None]
    for name, layer in modules.items():
        if name.startswith("layers."):
            index = int(name.split(".")[1])
            if masks:
                x, ends = run_row_by_row(layer, x, [recurrent_masks[index, d] for d in range(2)])
                mask = torch.cat([torch.from_numpy(masks[1 + 2 * index + d]) for d in range(2)], dim=1)
                x, ends = x * mask[:, None], ends * mask
            else:
                x, ends = run_packed(layer, x)
    if not return_sequences:
        x = ends
    for name, module in modules.items():
        if name.startswith("dense."):
            x = {"tanh": torch.tanh, "relu": torch.relu}[dense_activation](module(x))
    x = modules["head"](x)
    return torch.where(torch.from_numpy(HERE)[:, :, None], x, 0.0) if return_sequences else x


def run_packed(layer, x):
    """Return the states at all steps, and the last one of each direction."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    packed = pack_padded_sequence(x, torch.from_numpy(LENGTHS), batch_first=True, enforce_sorted=False)
    states, ends = layer(packed)
    states, _ = pad_packed_sequence(states, batch_first=True, total_length=N_STEPS)
    return states, join(ends)


def run_row_by_row(layer, x, masks):
    """Return the same with recurrent masks, one for each direction."""
    import torch

    states, ends = [], []
    for row, length in enumerate(LENGTHS):
        own = {
            f"weight_hh_l0{suffix}": getattr(layer, f"weight_hh_l0{suffix}") * torch.from_numpy(mask[row])
            for suffix, mask in zip(("", "_reverse"), masks, strict=True)
        }
        states_of_row, ends_of_row = torch.func.functional_call(layer, own, (x[row : row + 1, :length],))
        states.append(torch.nn.functional.pad(states_of_row, (0, 0, 0, N_STEPS - length)))
        ends.append(join(ends_of_row))
    return torch.cat(states), torch.cat(ends)


def join(ends):
    """Return the last states of all directions, side by side."""
    import torch

    h = ends[0] if isinstance(ends, tuple) else ends  # of an LSTM (h, c)
    return torch.cat(list(h), dim=1)


def cross_entropy(predictions, y):
    """Return the mean over the steps there are, as `ignore_index` has it."""
    import torch

    classes = torch.from_numpy(np.where(HERE[:, :, None], y, -100.0)).to(torch.int64)
    return torch.nn.functional.cross_entropy(predictions.flatten(0, 1), classes.flatten(), ignore_index=-100)


def squared_error(predictions, y, sample_weight):
    """Return sum_r w_r sum_t mean_k (o - y)^2 / sum_r w_r n_r, of rows r with n_r steps."""
    import torch

    y = torch.from_numpy(y)
    total = n = 0.0
    for row, weight in enumerate(sample_weight):
        n_steps = LENGTHS[row] if y.ndim == 3 else 1
        if y.ndim == 3:
            loss = torch.nn.functional.mse_loss(predictions[row, :n_steps], y[row, :n_steps])
        else:
            loss = torch.nn.functional.mse_loss(predictions[row], y[row])
        total, n = total + weight * n_steps * loss, n + weight * n_steps
    return total / n


def convert(cell, modules, take, add_biases):
    """Return what `take` (the parameter or its gradient) gives, in this project's layout."""

    def array(parameter):
        return take(parameter).numpy().T.copy()

    arrays = {}
    for place, module in modules.items():
        if place == "embedding":
            arrays["embedding.W"] = array(module.weight).T.copy()
        elif place == "head":
            arrays["head.W_y"], arrays["head.b_y"] = array(module.weight), array(module.bias)
        elif place.startswith("dense."):
            arrays[f"{place}.W"], arrays[f"{place}.b"] = array(module.weight), array(module.bias)
        else:
            for suffix in ("", "_reverse") if module.bidirectional else ("",):
                W_x, W_h, b_ih, b_hh = (
                    array(getattr(module, f"{kind}_l0{suffix}"))
                    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                )
                prefix = f"{place}.reverse" if suffix else place
                b = b_ih + b_hh if add_biases else b_ih
                if cell == "gru":
                    n_block = slice(2 * module.hidden_size, None)
                    b[n_block] = b_ih[n_block]
                    arrays[f"{prefix}.b_hn"] = b_hh[n_block]
                arrays |= {f"{prefix}.W_x": W_x, f"{prefix}.W_h": W_h, f"{prefix}.b": b}
    return arrays


if __name__ == "__main__":
    main()
