"""Make `pytorch_training.npz`: what PyTorch's optimizers make of given gradients, and its losses of given outputs.

Run from anywhere, on the CPU, with no other part of this project installed:

    pip install numpy torch            # made with numpy 2.4.6, torch 2.13.0
    python tests/reference/make_pytorch_training.py

torch is imported inside the functions, as pytest --doctest-modules reads this file where there is none.
"""

from pathlib import Path

import numpy as np

SEED, N_STEPS, RATE, DECAY = 20143, 8, 0.05, 0.3
SHAPES = {"W": (3, 4), "b": (4,)}


def main():
    import torch

    rng = np.random.default_rng(SEED)
    arrays = {"versions": np.array([f"torch {torch.__version__}", f"numpy {np.__version__}"])}
    arrays |= {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    arrays |= {f"gradients/{name}": rng.normal(size=(N_STEPS, *shape)) for name, shape in SHAPES.items()}
    for name, make in optimizers().items():
        for kind, values in follow(make, arrays).items():
            arrays[f"optimizers/{name}/{kind}"] = values
    arrays["outputs"], arrays["numbers"] = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    arrays["counts"] = rng.poisson(2.0, size=(6, 3)).astype(float)
    arrays["labels"], arrays["classes"] = rng.integers(2, size=(6, 3)).astype(float), np.array([0.0, 2, 1, 1, 0, 2])
    for name, (loss, targets) in losses().items():
        outputs = torch.tensor(arrays["outputs"], requires_grad=True)
        value = loss(outputs, torch.tensor(arrays[targets]))
        value.backward()
        arrays[f"losses/{name}"], arrays[f"slopes/{name}"] = np.array(value.item()), outputs.grad.numpy()
    np.savez_compressed(Path(__file__).with_name("pytorch_training.npz"), **arrays)


def optimizers():
    """Return {name: function of (parameter groups)}; the first group is of weights, which alone decay."""
    from torch import optim

    return {
        "adam": lambda groups: optim.Adam(groups, RATE),
        "adam-l2": lambda groups: optim.Adam(decayed(groups), RATE),
        "adamw": lambda groups: optim.AdamW(decayed(groups), RATE, weight_decay=0.0),
        "nadam": lambda groups: optim.NAdam(groups, RATE),
        "rmsprop": lambda groups: optim.RMSprop(groups, RATE, alpha=0.9),
        "adagrad": lambda groups: optim.Adagrad(groups, RATE, eps=1e-8),
        "sgd": lambda groups: optim.SGD(groups, RATE, momentum=0.9, nesterov=True),
        "sgd-plain": lambda groups: optim.SGD(groups, RATE, momentum=0.9),
        "sgd-l2": lambda groups: optim.SGD(decayed(groups), RATE, momentum=0.9, nesterov=True),
    }


def decayed(groups):
    return [{**groups[0], "weight_decay": DECAY}, groups[1]]


def follow(make, arrays):
    """Return the parameters after an optimizer was given the gradients one after the other."""
    import torch

    parameters = {name: torch.nn.Parameter(torch.tensor(arrays[name])) for name in SHAPES}
    optimizer = make([{"params": [parameter]} for parameter in parameters.values()])
    for step in range(N_STEPS):
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(arrays[f"gradients/{name}"][step])
        optimizer.step()
    return {name: parameter.detach().numpy() for name, parameter in parameters.items()}


def losses():
    """Return {our name: (mean loss of (outputs, targets), name of the targets)}."""
    import torch
    from torch.nn import functional

    return {
        "squared_error": (functional.mse_loss, "numbers"),
        "absolute_error": (functional.l1_loss, "numbers"),
        "huber": (lambda o, y: functional.huber_loss(o, y, delta=0.7), "numbers"),
        "poisson": (lambda o, y: functional.poisson_nll_loss(o, y, log_input=True), "counts"),
        "binary": (functional.binary_cross_entropy_with_logits, "labels"),
        "classes": (lambda o, y: functional.cross_entropy(o, y.to(torch.int64)), "classes"),
    }


if __name__ == "__main__":
    main()
