"""What a user does, from nothing to a forecast, in one process: ``whole_job.py PEER JOB``. Started by ``start.py``.

Jobs: "import"; "forecast" is 20,000 hourly points, windows of 48 steps to the 24 that follow, an LSTM of 64, five
epochs in minibatches of 64, a forecast; "first" is the first training step and the second one, to see what starting
costs; "panel" is one network that learns from many series in a long frame, an epoch of all windows. The last line
printed is JSON.
"""

import json
import sys
import time

from one_network import make_forecaster

STARTED = time.perf_counter()
N_STEPS, HORIZON, N_HIDDEN, N_EPOCHS, N_BATCH, LEARNING_RATE = 48, 24, 64, 5, 64, 1e-3


def main():
    """Do the job and print its figures."""
    library, job = LIBRARIES[sys.argv[1]](), sys.argv[2]
    marks = {"import_s": time.perf_counter() - STARTED}
    if job == "forecast":
        marks |= forecast(library)
    elif job == "first":
        marks |= first_steps(library, *sys.argv[3:])
    elif job == "panel":
        marks |= fit_panel(library, *map(int, sys.argv[3:]))
    print(json.dumps(marks))


def forecast(library):
    """Train and forecast; return seconds and errors."""
    import numpy as np

    rng = np.random.default_rng(7)
    t = np.arange(20_000 + HORIZON)
    series = 10 + 3 * np.sin(2 * np.pi * t / 24) + 1.5 * np.sin(2 * np.pi * t / 168) + 0.3 * rng.standard_normal(len(t))
    known, truth = series[:-HORIZON], series[-HORIZON:]
    level, spread = known.mean(), known.std()
    scaled = ((known - level) / spread).astype("float32")
    both = np.lib.stride_tricks.sliding_window_view(scaled, N_STEPS + HORIZON)
    started = time.perf_counter()
    model, loss = library.train("lstm", both[:, :N_STEPS, None], both[:, N_STEPS:], N_HIDDEN, N_EPOCHS)
    trained = time.perf_counter()
    predicted = library.predict(model, scaled[None, -N_STEPS:, None])[0] * spread + level
    ended = time.perf_counter()
    error = float(np.abs(predicted - truth).mean())
    return {"fit_s": trained - started, "predict_s": ended - trained, "loss": float(loss), "mae": error}


def first_steps(library, cell, dtype):
    """Train one epoch of one minibatch twice; return the seconds of each."""
    import numpy as np

    X, y = np.zeros((32, 24, 1), dtype), np.zeros((32, 1), dtype)
    started = time.perf_counter()
    library.train(cell, X, y, 32, 1)
    first = time.perf_counter()
    library.train(cell, X, y, 32, 1)
    return {"first_s": first - started, "second_s": time.perf_counter() - first}


def make_panel(n_series, n_steps):
    """Return daily random walks in a long frame."""
    import numpy as np
    import pandas as pd

    values = np.random.default_rng(0).standard_normal((n_series, n_steps)).cumsum(axis=1).ravel()
    days = np.tile(pd.date_range("2020-01-01", periods=n_steps, freq="D"), n_series)
    return pd.DataFrame({"unique_id": np.repeat(np.arange(n_series), n_steps), "ds": days, "y": values})


def fit_panel(library, n_series, n_steps, horizon, lookback):
    """Learn from a panel, after a small one that compiles; return the seconds from the frame to the network."""
    library.train_panel(make_panel(5, n_steps), horizon, lookback)
    frame, started = make_panel(n_series, n_steps), time.perf_counter()
    loss = library.train_panel(frame, horizon, lookback)
    return {"fit_s": time.perf_counter() - started, "loss": float(loss)}


class Tsrnn:
    """This library."""

    def __init__(self):
        from tsrnn import RNNRegressor

        self._make = RNNRegressor

    def train(self, cell, X, y, n_hidden, n_epochs):
        """Return the trained model and its last loss."""
        model = self._make(
            cell, hidden_layer_sizes=n_hidden, max_iter=n_epochs, n_iter_no_change=n_epochs + 1, batch_size=N_BATCH,
            learning_rate=LEARNING_RATE, random_state=0,
        )  # fmt: skip
        model.fit(X, y if y.shape[1] > 1 else y[:, 0])
        return model, model.loss_curve_[-1]

    def train_panel(self, frame, horizon, lookback):
        """Return the loss of one epoch over all windows of a panel."""
        model = make_forecaster(
            horizon, lookback=lookback, hidden_layer_sizes=N_HIDDEN, batch_size=N_BATCH, learning_rate=LEARNING_RATE,
            max_iter=1, early_stopping=False,
        )  # fmt: skip
        return model.fit(frame).loss_curve_[-1]

    def predict(self, model, X):
        """Return the predictions, one row per window."""
        return model.predict(X)


class Torch:
    """The plain loop of a PyTorch user, rows drawn by index (a DataLoader takes longer)."""

    def __init__(self):
        import torch

        self._torch = torch
        torch.set_flush_denormal(True)

    def train(self, cell, X, y, n_hidden, n_epochs):
        """Return the trained network and the loss of the last epoch."""
        torch = self._torch

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
                layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell]
                self.recurrent = layer(X.shape[2], n_hidden, batch_first=True)
                self.head = torch.nn.Linear(n_hidden, y.shape[1])

            def forward(self, x):
                return self.head(self.recurrent(x)[0][:, -1])

        torch.manual_seed(0)
        X, y = torch.tensor(X.copy()), torch.tensor(y.copy())
        network = Network().to(X.dtype)
        optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        measure = torch.nn.MSELoss()
        for _ in range(n_epochs):
            total = 0.0
            for rows in torch.randperm(len(X)).split(N_BATCH):
                optimizer.zero_grad()
                loss = measure(network(X[rows]), y[rows])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                total += loss.item() * len(rows)
        return network, total / len(X)

    def train_panel(self, frame, horizon, lookback):
        """Return the loss of one epoch over all windows of a panel, as one would write it: scaled, relative, cut."""
        import numpy as np

        values = frame["y"].to_numpy("float32").reshape(frame["unique_id"].nunique(), -1)
        scaled = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
        both = np.lib.stride_tricks.sliding_window_view(scaled, lookback + horizon, axis=1)
        both = both.reshape(-1, lookback + horizon)
        both = both - both[:, lookback - 1 : lookback]
        return self.train("lstm", both[:, :lookback, None], both[:, lookback:], N_HIDDEN, 1)[1]

    def predict(self, network, X):
        """Return the predictions, one row per window."""
        with self._torch.inference_mode():
            return network(self._torch.tensor(X)).numpy()


class Keras:
    """model.fit, as in the first example of its guide."""

    def __init__(self):
        import keras

        self._keras = keras

    def train(self, cell, X, y, n_hidden, n_epochs):
        """Return the trained model and the loss of the last epoch."""
        layers = self._keras.layers
        layer = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}[cell]
        network = [self._keras.Input(X.shape[1:]), layer(n_hidden), layers.Dense(y.shape[1])]
        model = self._keras.Sequential(network)
        model.compile(self._keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0), "mse")
        history = model.fit(X.copy(), y.copy(), batch_size=N_BATCH, epochs=n_epochs, verbose=0)
        return model, history.history["loss"][-1]

    def predict(self, model, X):
        """Return the predictions, one row per window."""
        return model.predict(X, verbose=0)


class Jax:
    """Import only."""

    def __init__(self):
        import jax  # noqa: F401
        import optax  # noqa: F401


LIBRARIES = {"tsrnn": Tsrnn, "torch": Torch, "keras": Keras, "keras-jax": Keras, "jax": Jax}


if __name__ == "__main__":
    main()
