"""RNN, LSTM and GRU on the adding problem
=======================================

Sixty random numbers, two of them marked: what is the sum of these two (Hochreiter and Schmidhuber 1997)? Whoever always
says 1 has a mean squared error of 1/6. To do better, a network must remember, and training must find out what to
remember, through a gradient that reaches back over many steps.
"""

# %%
# The data: the first feature is the numbers, the second is 1 where one is marked.
import matplotlib.pyplot as plt
import numpy as np

import tsrnn

n_steps = 60


def adding_problem(n, seed):
    rng = np.random.default_rng(seed)
    X = np.stack([rng.random((n, n_steps)), np.zeros((n, n_steps))], axis=2)
    for window in X:
        window[rng.choice(n_steps, 2, replace=False), 1] = 1
    return X, (X[:, :, 0] * X[:, :, 1]).sum(axis=1)


X, y = adding_problem(10_000, seed=0)
X_test, y_test = adding_problem(1_000, seed=1)

# %%
# The same network with each cell: as it starts (a learning rate next to nothing leaves it so), and trained.
cells = {"rnn": "#d9822b", "lstm": "#0b63b0", "gru": "#2e8b57"}
options = {"hidden_layer_sizes": 32, "batch_size": 100, "random_state": 0}
started, trained = {}, {}
for cell in cells:
    started[cell] = tsrnn.RNNRegressor(cell, learning_rate=1e-15, max_iter=1, **options).fit(X[:100], y[:100])
    trained[cell] = tsrnn.RNNRegressor(cell, learning_rate=0.01, max_iter=10, n_iter_no_change=10, **options).fit(X, y)
    error = np.mean((trained[cell].predict(X_test) - y_test) ** 2)
    print(f"{cell}: mean squared error {error:.3f} of test windows")


# %%
# It prints::
#
#     rnn: mean squared error 0.161 of test windows
#     lstm: mean squared error 0.001 of test windows
#     gru: mean squared error 0.000 of test windows
#
# How much does the prediction change with what was read at each step? Central differences: every number of 20 windows a
# little higher and a little lower. Training multiplies the error of a prediction by this slope: where it is 1e-9, no
# error teaches the network what to do with that step.
def slopes(model, windows, change=1e-4):
    nudges = change * np.eye(windows[0].size).reshape(-1, *windows[0].shape)
    higher, lower = (model.predict((windows[:, None] + way * nudges).reshape(-1, n_steps, 2)) for way in (1, -1))
    slope = ((higher - lower) / (2 * change)).reshape(len(windows), n_steps, 2)
    return np.linalg.norm(slope, axis=2).mean(axis=0)


before, after = ({cell: slopes(models[cell], X_test[:20]) for cell in cells} for models in (started, trained))
for cell in cells:
    print(f"{cell}: slope 15 steps back, before training {before[cell][-15]:.0e}, after {after[cell][-15]:.0e}")

# %%
# It prints::
#
#     rnn: slope 15 steps back, before training 8e-02, after 3e-08
#     lstm: slope 15 steps back, before training 1e-02, after 2e-02
#     gru: slope 15 steps back, before training 2e-03, after 8e-02
#
# The picture. As they start, the gradient of all three shrinks on the way back, that of the GRU fastest and that of the
# RNN least. What training finds makes the difference: LSTM and GRU open and shut their gates by the marks, and the
# gradient of steps long ago is as large as that of the last; what the RNN finds is to forget, and its gradient vanishes
# within twenty-five steps. (With a learning rate of 0.0003 it learns too, in many times as many updates: see
# benchmarks/README.md.)
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for cell, color in cells.items():
    left.plot(np.arange(1, 11), trained[cell].loss_curve_, color=color, label=cell.upper())
    middle.plot(np.arange(n_steps, 0, -1), before[cell], color=color, label=cell.upper())
    right.plot(np.arange(n_steps, 0, -1), after[cell], color=color, label=cell.upper())
left.axhline(1 / 6, color="0.6", ls="--", lw=0.8, label="always says 1")
left.set(xlabel="epoch", ylabel="mean squared error of training", yscale="log", title="Learning to add")
middle.set(title="Gradient by step, before training:\nthat of the GRU falls fastest")
right.set(title="Gradient by step, after training:\nthat of the RNN vanishes")
for ax in (middle, right):
    ax.set(xlabel="steps back", ylabel="norm of the gradient", yscale="log", ylim=(1e-12, 3))  # below is rounding
for ax in (left, middle, right):
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
fig.savefig("long_memory.png", dpi=100)
plt.show()

# %%
# The same in Keras::
#
#     # The LSTM; for the gradient by its inputs see `tf.GradientTape`.
#     model = keras.Sequential([keras.Input((60, 2)), keras.layers.LSTM(32), keras.layers.Dense(1)])
#     model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), loss="mse")
#     model.fit(X, y, batch_size=100, epochs=10)
#     model.evaluate(X_test, y_test)
