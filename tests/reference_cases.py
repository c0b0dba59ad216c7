"""Numbers of other frameworks, stored in `tests/reference/*.npz`: how they are laid out, read and written.

One file a framework. `cases` holds one line of JSON for each case (its name and settings), `versions` the
packages the numbers come from; all other arrays are float64 under "<case>/<name>", for example "lstm-2/X",
"lstm-2/predictions", "lstm-2/layers.0.W_x" and, for the gradient of the loss at it,
"lstm-2/grad/layers.0.W_x". Weights and gradients are in this project's own layout (see `naive.py`), converted
by the script that made the file; "lstm-2/native/layers.0.weight_ih_l0" is a weight as the framework itself has it.

`pytorch_layers.npz` holds more options of a network in less room: each case has all of its weights in one vector,
"<case>/weights", one array after the other in the order of "shapes" in its line of `cases`, and so "<case>/gradients".
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "reference"


@dataclass
class Case:
    """One network with its data, and what a framework made of them.

    Attributes
    ----------
    name : str
    cell : {"rnn", "lstm", "gru"}
    activation : {"tanh", "relu"}
    reset_after : bool
        Means something for gru alone; True elsewhere.
    weights : dict of ndarray
    X : ndarray of shape (n_samples, n_steps, n_features)
    y : ndarray of shape (n_samples, n_outputs)
    predictions : ndarray of shape (n_samples, n_outputs)
    loss : float
        Mean over samples and outputs of (predictions - y)^2.
    gradients : dict of ndarray
        Gradient of the loss at each of the weights.
    native : dict of ndarray
        The weights in the layout of the framework, "layers.l." or "head." before its own name of the array.
    """

    name: str
    cell: str
    activation: str
    reset_after: bool
    weights: dict
    X: np.ndarray
    y: np.ndarray
    predictions: np.ndarray
    loss: float
    gradients: dict
    native: dict

    @property
    def hidden_layer_sizes(self):
        """Number of hidden units of each layer, first layer first."""
        return tuple(w.shape[0] for name, w in self.weights.items() if name.endswith(".W_h"))

    @property
    def settings(self):
        """What tells the cases of one file apart, as keyword arguments of the naive twin."""
        return {"cell": self.cell, "activation": self.activation, "reset_after": self.reset_after}


@dataclass
class TrainingRun:
    """A few clipped steps of Adam, on all samples at once, from `start.weights` to `trained_weights`."""

    start: Case
    n_steps: int
    learning_rate: float
    clip_norm: float
    trained_weights: dict


@dataclass
class LayerCase:
    """A network of any options with rows of unequal lengths, and what a framework made of them.

    Attributes
    ----------
    name : str
    cell, activation, dense_activation : str
    return_sequences : bool
    loss_name : {"squared_error", "classes"}
    weights : dict of ndarray
        Their names say which layers there are, as in `naive.py`.
    X : ndarray of shape (n_samples, n_steps, n_features), or (n_samples, n_steps) of ids
    lengths : ndarray of shape (n_samples,)
    y : ndarray of shape (n_samples, n_targets), or (n_samples, n_steps, n_targets) with return_sequences
    sample_weight : ndarray of shape (n_samples,)
    masks, recurrent_masks : dict of ndarray
        With the keys of `naive.forward`.
    predictions : ndarray of shape (n_samples, n_outputs), or (n_samples, n_steps, n_outputs) with return_sequences
    loss : float
    gradients : dict of ndarray
    """

    name: str
    cell: str
    activation: str
    dense_activation: str
    return_sequences: bool
    loss_name: str
    weights: dict
    X: np.ndarray
    lengths: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
    masks: dict
    recurrent_masks: dict
    predictions: np.ndarray
    loss: float
    gradients: dict

    SETTINGS = ("cell", "activation", "dense_activation", "return_sequences")

    @property
    def network(self):
        """Keyword arguments of `naive.forward`."""
        given = (*self.SETTINGS, "weights", "X", "lengths", "masks", "recurrent_masks")
        return {name: getattr(self, name) for name in given}

    @property
    def training(self):
        """Keyword arguments of `naive.loss` and `naive.gradient`."""
        return {**self.network, "y": self.y, "name": self.loss_name, "sample_weight": self.sample_weight}


def cases(framework):
    """Yield every `Case` stored for `framework`, "pytorch" or "keras"."""
    arrays = _load(framework)
    for line in arrays["cases"]:
        settings = json.loads(str(line))
        n_layers = settings.pop("n_layers")
        case = _read_case(arrays, **settings)
        assert len(case.hidden_layer_sizes) == n_layers
        yield case


def training_run():
    """Return the `TrainingRun` stored for PyTorch."""
    arrays = _load("pytorch")
    settings = json.loads(str(arrays["training_run"]))
    start = {case.name: case for case in cases("pytorch")}[settings.pop("start")]
    trained = {name: arrays[f"training_run/{name}"] for name in start.weights}
    return TrainingRun(start=start, trained_weights=trained, **settings)


def name_case(cell, activation, reset_after, n_layers):
    """Return a name such as "lstm-2" or "gru-before-relu-1": what is not said is tanh, and reset after."""
    before = [] if reset_after else ["before"]
    relu = [] if activation == "tanh" else [activation]
    return "-".join([cell, *before, *relu, str(n_layers)])


def write(framework, versions, cases, training_run=None):
    """Store a list of `Case` and perhaps a `TrainingRun`; for the scripts in `tests/reference` alone."""
    arrays = {"versions": np.array(versions), "cases": np.array([_describe(case) for case in cases])}
    for case in cases:
        for name in ("X", "y", "predictions", "loss"):
            arrays[f"{case.name}/{name}"] = np.asarray(getattr(case, name))
        for name in case.weights:
            arrays[f"{case.name}/{name}"] = case.weights[name]
            arrays[f"{case.name}/grad/{name}"] = case.gradients[name]
            n_zeros = np.sum(case.gradients[name] == 0)
            assert 2 * n_zeros < case.weights[name].size, f"{case.name}: {name} half dead, reseed"
        for name, values in case.native.items():
            arrays[f"{case.name}/native/{name}"] = values
    if training_run is not None:
        settings = {name: getattr(training_run, name) for name in ("n_steps", "learning_rate", "clip_norm")}
        arrays["training_run"] = np.array(json.dumps({"start": training_run.start.name, **settings}))
        for name, values in training_run.trained_weights.items():
            arrays[f"training_run/{name}"] = values
    for name, values in arrays.items():
        assert values.dtype == np.float64 or values.dtype.kind == "U", f"{name} is {values.dtype}"
    np.savez_compressed(FOLDER / f"{framework}.npz", allow_pickle=False, **arrays)


def layer_cases(file="pytorch_layers"):
    """Yield every `LayerCase` of a file."""
    arrays = _load(file)
    for line in arrays["cases"]:
        settings = json.loads(str(line))
        shapes, prefix = settings.pop("shapes"), settings["name"] + "/"
        stored = {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
        named = {key: _cut(stored.pop(key), shapes) for key in ("weights", "gradients")}
        masks = {int(key.split("/")[1]): stored.pop(key) for key in list(stored) if key.startswith("mask/")}
        recurrent_masks = {
            tuple(map(int, key.split("/")[1:])): stored.pop(key)
            for key in list(stored)
            if key.startswith("recurrent_mask/")
        }
        stored["loss"] = float(stored["loss"])
        yield LayerCase(**settings, **stored, **named, masks=masks, recurrent_masks=recurrent_masks)


def write_layer_cases(file, versions, cases):
    """Store a list of `LayerCase`; for the scripts in `tests/reference` alone."""
    arrays, lines = {"versions": np.array(versions)}, []
    for case in cases:
        shapes = {name: values.shape for name, values in case.weights.items()}
        settings = {name: getattr(case, name) for name in ("name", *case.SETTINGS, "loss_name")}
        lines.append(json.dumps({**settings, "shapes": shapes}))
        for name in shapes:
            n_zeros = np.sum(case.gradients[name] == 0)
            assert 2 * n_zeros < case.gradients[name].size, f"{case.name}: {name} half dead, reseed"
        values = {name: getattr(case, name) for name in ("X", "lengths", "y", "sample_weight", "predictions")}
        values["loss"] = np.array(case.loss)
        values["weights"] = np.concatenate([case.weights[name].ravel() for name in shapes])
        values["gradients"] = np.concatenate([case.gradients[name].ravel() for name in shapes])
        values |= {f"mask/{place}": mask for place, mask in case.masks.items()}
        values |= {f"recurrent_mask/{layer}/{d}": mask for (layer, d), mask in case.recurrent_masks.items()}
        for name, array in values.items():
            assert array.dtype == (np.int64 if name == "lengths" else np.float64), f"{name} is {array.dtype}"
            arrays[f"{case.name}/{name}"] = array
    np.savez_compressed(FOLDER / f"{file}.npz", allow_pickle=False, cases=np.array(lines), **arrays)


def _cut(vector, shapes):
    """Return the arrays that stand one after the other in a vector, by name."""
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes.values()])
    pieces = np.split(vector, ends[:-1])
    return {name: piece.reshape(shapes[name]) for name, piece in zip(shapes, pieces, strict=True)}


def _load(framework):
    with np.load(FOLDER / f"{framework}.npz", allow_pickle=False) as file:
        return dict(file)


def _read_case(arrays, name, **settings):
    prefix = f"{name}/"
    stored = {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
    gradients = {key.removeprefix("grad/"): stored[key] for key in stored if key.startswith("grad/")}
    native = {key.removeprefix("native/"): stored[key] for key in stored if key.startswith("native/")}
    return Case(
        name=name,
        weights={key: stored[key] for key in gradients},
        gradients=gradients,
        native=native,
        X=stored["X"],
        y=stored["y"],
        predictions=stored["predictions"],
        loss=float(stored["loss"]),
        **settings,
    )


def _describe(case):
    return json.dumps({"name": case.name, **case.settings, "n_layers": len(case.hidden_layer_sizes)})
