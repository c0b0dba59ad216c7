"""PyTorch, eager, on the CPU: nn.LSTM / nn.GRU / nn.RNN and a dense head, with denormals flushed to zero."""

import torch
import workload
from torch import nn

from . import N_THREADS, Peer

torch.set_num_threads(N_THREADS)
torch.set_num_interop_threads(1)
torch.set_flush_denormal(True)  # the fair setting: long windows run into denormals, which take six times as long

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
CELLS = {"lstm": nn.LSTMCell, "gru": nn.GRUCell, "rnn": nn.RNNCell}


class Network(nn.Module):
    """Recurrent layers and a dense head on the last state."""

    def __init__(self, cell, shape, dtype, weights):
        super().__init__()
        _, _, n_features, n_hidden, n_layers = shape
        self.recurrent = LAYERS[cell](n_features, n_hidden, n_layers, batch_first=True)
        self.head = nn.Linear(n_hidden, 1)
        self.to(getattr(torch, dtype))
        with torch.no_grad():
            for layer in range(n_layers):
                given = {name: torch.from_numpy(weights[f"layers.{layer}.{name}"]) for name in ("W_x", "W_h", "b")}
                getattr(self.recurrent, f"weight_ih_l{layer}").copy_(given["W_x"].T)
                getattr(self.recurrent, f"weight_hh_l{layer}").copy_(given["W_h"].T)
                getattr(self.recurrent, f"bias_ih_l{layer}").copy_(given["b"])
                getattr(self.recurrent, f"bias_hh_l{layer}").zero_()
                if cell == "gru":
                    getattr(self.recurrent, f"bias_hh_l{layer}")[-n_hidden:] = torch.from_numpy(
                        weights[f"layers.{layer}.b_hn"]
                    )
            self.head.weight.copy_(torch.from_numpy(weights["head.W_y"].T.copy()))
            self.head.bias.copy_(torch.from_numpy(weights["head.b_y"]))

    def forward(self, x):
        """Return the predictions (rows,) for windows (rows, steps, features)."""
        return self.head(self.recurrent(x)[0][:, -1])[:, 0]


class Library(Peer):
    """PyTorch."""

    VARIANTS = {
        "training": ["eager", "fused-adam"],
        "prediction": ["batch-256", "batch-1024", "batch-10000"],
        "streaming": ["layer", "cell"],
    }

    def versions(self):
        return {"torch": torch.__version__}

    def training(self, case):
        network, X, y = _build(case)
        parameters = list(network.parameters())
        optimizer = torch.optim.Adam(
            parameters, lr=workload.LEARNING_RATE, betas=(workload.BETA_1, workload.BETA_2), eps=workload.EPSILON,
            **({"fused": True} if case.get("variant") == "fused-adam" else {}),
        )  # fmt: skip
        measure = nn.MSELoss()

        def run(n):
            losses = []
            for k in range(n):
                optimizer.zero_grad(set_to_none=True)
                loss = measure(network(X[k % workload.N_BATCHES]), y[k % workload.N_BATCHES])
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, workload.CLIP_NORM)
                optimizer.step()
                losses.append(loss.detach())
            return torch.stack(losses).tolist()

        return run

    def epochs(self, case):
        n_updates = case["n_epochs"] * case["n_windows"] // case["shape"][0]

        def run(n):
            for _ in range(n):
                losses = self.training(case)(n_updates)
            return losses[-1:]

        return run

    def forward(self, case):
        network, X, y = _build(case)
        measure = nn.MSELoss()

        def run(n):
            with torch.inference_mode():
                losses = [measure(network(X[k % len(X)]), y[k % len(X)]) for k in range(n)]
            return losses[0].tolist()

        return run

    def gradient(self, case):
        network, X, y = _build(case)
        measure = nn.MSELoss()

        def run(n):
            for k in range(n):
                network.zero_grad(set_to_none=True)
                measure(network(X[k % len(X)]), y[k % len(X)]).backward()
            return network.head.weight.grad[0, :4].tolist()

        return run

    def prediction(self, case):
        network, _, _ = _build(case)
        rows = int(case["variant"].split("-")[1])
        X = torch.from_numpy(workload.make_windows(case["n_windows"], *case["shape"][1:3], case["dtype"])[0])

        def run(n):
            with torch.inference_mode():
                for _ in range(n):
                    predictions = torch.cat([network(part) for part in X.split(rows)])
            return predictions[:4].tolist()

        return run

    def window(self, case):
        network, X, _ = _build(case)
        windows = X[0].split(1)

        def run(n):
            with torch.inference_mode():
                predictions = [network(windows[k % len(windows)]) for k in range(n)]
            return predictions[0].tolist()

        return run

    def streaming(self, case):
        network, X, _ = _build(case)
        steps = X[0].reshape(-1, 1, 1, case["shape"][2])
        if case["variant"] == "cell":
            return self._stream_cell(case, network, steps[:, 0])

        def run(n):
            state, first = None, []
            with torch.inference_mode():
                for k in range(n):
                    hidden, state = network.recurrent(steps[k % len(steps)], state)
                    prediction = network.head(hidden[:, -1])
                    if k < 4:
                        first.append(float(prediction))
            return first

        return run

    def _stream_cell(self, case, network, steps):
        cell = CELLS[case["cell"]](case["shape"][2], case["shape"][3]).to(steps.dtype)
        names = {"weight_ih": "weight_ih_l0", "weight_hh": "weight_hh_l0", "bias_ih": "bias_ih_l0"}
        with torch.no_grad():
            for name, other in [*names.items(), ("bias_hh", "bias_hh_l0")]:
                getattr(cell, name).copy_(getattr(network.recurrent, other))

        def run(n):
            state, first = None, []
            with torch.inference_mode():
                for k in range(n):
                    state = cell(steps[k % len(steps)], state)
                    prediction = network.head(state[0] if case["cell"] == "lstm" else state)
                    if k < 4:
                        first.append(float(prediction))
            return first

        return run

    def product(self, case):
        m, k, n = case["sizes"]
        a, b, out = (torch.ones(size, dtype=getattr(torch, case["dtype"])) for size in ((m, k), (k, n), (m, n)))

        def run(times):
            with torch.inference_mode():
                for _ in range(times):
                    torch.mm(a, b, out=out)
            return [float(out[0, 0])]

        return run

    def tanh(self, case):
        return self._elementwise(case, torch.tanh)

    def sigmoid(self, case):
        return self._elementwise(case, torch.sigmoid)

    def _elementwise(self, case, function):
        x = torch.linspace(-6, 6, case["size"], dtype=getattr(torch, case["dtype"]))
        out = torch.empty_like(x)

        def run(n):
            with torch.inference_mode():
                for _ in range(n):
                    function(x, out=out)
            return [float(out[1])]

        return run


def _build(case):
    """Return the network, and the minibatches as lists of tensors."""
    shape, dtype = case["shape"], case["dtype"]
    network = Network(case["cell"], shape, dtype, workload.initial_weights(case["cell"], shape, dtype))
    X, y = workload.make_batches(shape, dtype)
    return network, *([torch.from_numpy(batch) for batch in array] for array in (X, y))
