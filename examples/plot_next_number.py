"""The next number
===============

A network reads ten numbers in a row from 0 to 99 and says the next one. Does it count beyond what it has seen?
"""

# %%
# Windows of ten, and the number after each. The last window, 90 to 99, has no next number among them.
import matplotlib.pyplot as plt
import numpy as np

import tsrnn

numbers = np.arange(100.0)
X = np.lib.stride_tricks.sliding_window_view(numbers, 10)
windows, following, last = X[:-1], numbers[10:], X[-1:]

# %%
# Three networks. One saturates, by tanh: beyond the largest number that it has seen there is nothing. One does not, by
# relu. The third is saturating again, but is given each window as distances from its last number, and says the next
# one as such a distance: 100 is then as far from 99 as 50 from 49.
options = {"batch_size": 16, "schedule": "cosine", "max_iter": 300, "n_iter_no_change": 300, "random_state": 0}
saturating = tsrnn.RNNRegressor("lstm", learning_rate=0.01, **options).fit(windows, following)
straight = tsrnn.RNNRegressor("rnn", activation="relu", hidden_layer_sizes=50, **options).fit(windows, following)
scaled = tsrnn.RNNRegressor("lstm", learning_rate=0.01, **options).fit(
    windows - windows[:, -1:], following - windows[:, -1]
)
networks = {
    "LSTM": saturating.predict,
    "RNN with relu": straight.predict,
    "LSTM, scaled by window": lambda window: scaled.predict(window - window[:, -1:]) + window[:, -1],
}

# %%
# Let each count on: what it says becomes the last number of the next window, twenty times.
counted = {}
for name, predict in networks.items():
    window, said = last, []
    for _ in range(20):
        said.append(predict(window)[0])
        window = np.append(window[:, 1:], [said[-1:]], axis=1)
    counted[name] = np.array(said)
    print(f"{name}: after 99 comes {said[0]:.1f}, twenty numbers on {said[-1]:.1f}")

# %%
# It prints::
#
#     LSTM: after 99 comes 98.9, twenty numbers on 99.1
#     RNN with relu: after 99 comes 100.0, twenty numbers on 119.2
#     LSTM, scaled by window: after 99 comes 100.0, twenty numbers on 119.0
#
# The picture: one network stays where its training ended, two count on. A mark for every fourth number that each says,
# set so that none hides another.
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(np.arange(80, 100), numbers[80:], color="#333333", label="seen in training")
ax.plot(np.arange(99, 120), np.arange(99, 120), color="#333333", ls=":", zorder=3, label="counting on")
for (name, said), marker, first in zip(counted.items(), "vsx", (0, 0, 2), strict=True):
    ax.plot(np.arange(100, 120)[first::4], said[first::4], marker, mfc="none", label=name)
ax.set(xlabel="step", ylabel="number", title="What comes after 99?")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
fig.savefig("next_number.png", dpi=100)
plt.show()

# %%
# The same in Keras::
#
#     # The network with relu.
#     model = keras.Sequential([
#         keras.Input((10, 1)),
#         keras.layers.SimpleRNN(50, activation="relu"),
#         keras.layers.Dense(1),
#     ])
#     rate = keras.optimizers.schedules.CosineDecay(0.001, decay_steps=300 * 6)
#     model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), loss="mse")
#     model.fit(windows[:, :, None], following, batch_size=16, epochs=300)
#     model.predict(last[:, :, None])
