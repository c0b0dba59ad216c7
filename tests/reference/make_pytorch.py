"""Make `pytorch.npz`: what PyTorch's own recurrent layers predict, and the gradients its autograd finds.

Run from anywhere, on the CPU, with no other part of this project installed:

    pip install numpy torch            # made with numpy 2.4.6, torch 2.13.0
    python tests/reference/make_pytorch.py

PyTorch stores weights transposed and two biases a gate: b_ih beside the input and b_hh beside the hidden
state. They enter as a sum, except in the gru's candidate n, where b_hh is inside the product with r and so is
our b_hn. As d loss / d (b_ih + b_hh) = d loss / d b_ih, the gradient of a summed bias is that of either. Gate
order is ours: lstm i, f, g, o; gru r, z, n (always reset after).

torch is imported inside the functions, as pytest --doctest-modules reads this file where there is none.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from reference_cases import Case, TrainingRun, name_case, write

SEED = 20142
N_SAMPLES, N_STEPS, N_FEATURES, N_OUTPUTS = 5, 7, 3, 2
HIDDEN_LAYER_SIZES = (6, 4)
WEIGHT_SCALE = 0.4
SETTINGS = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]


def main():
    import torch

    rng = np.random.default_rng(SEED)
    stored, run = [], None
    for cell, activation in SETTINGS:
        for n_layers in (1, 2):
            name = name_case(cell, activation, True, n_layers)
            layers, head = build(cell, activation, HIDDEN_LAYER_SIZES[:n_layers], rng)
            X = torch.from_numpy(rng.normal(size=(N_SAMPLES, N_STEPS, N_FEATURES)))
            y = torch.from_numpy(rng.normal(size=(N_SAMPLES, N_OUTPUTS)))
            case = evaluate(name, cell, activation, layers, head, X, y)
            stored.append(case)
            if name == "lstm-2":
                run = train(case, layers, head, X, y)
    write("pytorch", [f"torch {torch.__version__}", f"numpy {np.__version__}"], stored, run)


def build(cell, activation, hidden_layer_sizes, rng):
    """Return one torch layer for each hidden size (torch's own stacking wants them equal) and the head."""
    import torch

    layers, n_in = [], N_FEATURES
    for n_hidden in hidden_layer_sizes:
        options = {"batch_first": True, "dtype": torch.float64}
        if cell == "rnn":
            options["nonlinearity"] = activation
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
        layers.append(kind(n_in, n_hidden, **options))
        n_in = n_hidden
    head = torch.nn.Linear(n_in, N_OUTPUTS, dtype=torch.float64)
    for module in (*layers, head):
        for parameter in module.parameters():  # NumPy's generator: the same numbers from any version of torch
            parameter.data = torch.from_numpy(rng.normal(scale=WEIGHT_SCALE, size=tuple(parameter.shape)))
    return layers, head


def predict(layers, head, X):
    sequence = X
    for layer in layers:
        sequence, _ = layer(sequence)
    return head(sequence[:, -1])


def evaluate(name, cell, activation, layers, head, X, y):
    """Return the `Case`: forward, loss, backward, and everything converted."""
    import torch

    predictions = predict(layers, head, X)
    loss = torch.nn.functional.mse_loss(predictions, y)
    loss.backward()
    return Case(
        name=name,
        cell=cell,
        activation=activation,
        reset_after=True,
        weights=convert(cell, layers, head, lambda parameter: parameter.data, add_biases=True),
        X=X.numpy(),
        y=y.numpy(),
        predictions=predictions.detach().numpy(),
        loss=loss.item(),
        gradients=convert(cell, layers, head, lambda parameter: parameter.grad, add_biases=False),
        native=keep(layers, head),
    )


def keep(layers, head):
    """Return all parameters as torch has them, under torch's names."""
    modules = {**{f"layers.{index}": layer for index, layer in enumerate(layers)}, "head": head}
    return {
        f"{place}.{name}": parameter.numpy().copy()
        for place, module in modules.items()
        for name, parameter in module.state_dict().items()
    }


def convert(cell, layers, head, take, add_biases):
    """Return what `take` (data or gradient) gives of each parameter, in this project's layout."""

    def array(parameter):
        return take(parameter).numpy().T.copy()

    arrays = {}
    for index, layer in enumerate(layers):
        b_ih, b_hh = array(layer.bias_ih_l0), array(layer.bias_hh_l0)
        b = b_ih + b_hh if add_biases else b_ih
        if cell == "gru":
            n_block = slice(2 * layer.hidden_size, 3 * layer.hidden_size)
            b[n_block] = b_ih[n_block]
            arrays[f"layers.{index}.b_hn"] = b_hh[n_block]
        arrays[f"layers.{index}.W_x"] = array(layer.weight_ih_l0)
        arrays[f"layers.{index}.W_h"] = array(layer.weight_hh_l0)
        arrays[f"layers.{index}.b"] = b
    arrays["head.W_y"], arrays["head.b_y"] = array(head.weight), array(head.bias)
    return arrays


def train(start, layers, head, X, y, n_steps=6, learning_rate=0.05, clip_norm=0.8):
    """Return the `TrainingRun` of torch.optim.Adam from here.

    b_hh is frozen: two trained halves of one bias would move it twice and count twice in the norm. The
    clipping is written out, as torch's clip_grad_norm_ divides by the norm + 1e-6.
    """
    import torch

    named = [pair for module in (*layers, head) for pair in module.named_parameters()]
    parameters = [parameter for name, parameter in named if name != "bias_hh_l0"]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
    norms = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(predict(layers, head, X), y).backward()
        norms.append(torch.sqrt(sum((p.grad**2).sum() for p in parameters)).item())
        for p in parameters:
            p.grad *= min(1.0, clip_norm / norms[-1])
        optimizer.step()
    assert min(norms) < clip_norm < max(norms), f"clip_norm must bind in some steps, not in all: {norms}"
    trained = convert(start.cell, layers, head, lambda parameter: parameter.data, add_biases=True)
    return TrainingRun(start, n_steps, learning_rate, clip_norm, trained)


if __name__ == "__main__":
    main()
