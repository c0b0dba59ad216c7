"""Counting, learnt from four samples
==================================

1, 2, 3 is followed by 4; 2, 3, 4 by 5; 3, 4, 5 by 6; 4, 5, 6 by 7. And 5, 6, 7?
"""

# %%
# The four samples, and a simple recurrent network of 50 units with relu. A minibatch holds all of them, so an epoch is
# one update.
import matplotlib.pyplot as plt
import numpy as np

import tsrnn

X = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]])
y = np.array([4, 5, 6, 7])
model = tsrnn.RNNRegressor(
    "rnn", activation="relu", hidden_layer_sizes=50, max_iter=500, n_iter_no_change=500, random_state=0
)
model.fit(X, y)
print(f"5, 6, 7 is followed by {model.predict([[5, 6, 7]])[0]:.1f}")

# %%
# It prints::
#
#     5, 6, 7 is followed by 8.0
#
# One window more is not far. How far does it go? From 10 other starting weights, all the same otherwise:
first = np.arange(1, 21)
tests = first[:, None] + np.arange(3)
others = [model.set_params(random_state=seed).fit(X, y).predict(tests) for seed in range(1, 11)]
errors = np.array(others) - (first + 3)
for start in (5, 10, 20):
    print(f"windows from {start}: wrong by up to {np.abs(errors[:, start - 1]).max():.1f}")

# %%
# It prints::
#
#     windows from 5: wrong by up to 0.1
#     windows from 10: wrong by up to 0.8
#     windows from 20: wrong by up to 2.5
#
# The picture: relu makes what was learnt straight beyond the samples, though not along the line that we mean.
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axhline(0, color="0.6", lw=0.8)
ax.axvspan(0.5, 4.5, color="0.92", lw=0, label="the four samples")
ax.plot(first, errors.T, color="#0b63b0", lw=1, alpha=0.6, label=["ten starting weights"] + [None] * 9)
ax.axhspan(-0.5, 0.5, color="#d9822b", alpha=0.15, lw=0, label="right when rounded")
ax.set(xlabel="first number of the window", ylabel="error of the next number", title="Counting on from four samples")
ax.set_xticks(first)
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.22, 1))
ax.spines[["top", "right"]].set_visible(False)
fig.savefig("four_samples.png", dpi=100)
plt.show()

# %%
# The same in Keras::
#
#     model = keras.Sequential([
#         keras.Input((3, 1)),
#         keras.layers.SimpleRNN(50, activation="relu"),
#         keras.layers.Dense(1),
#     ])
#     model.compile(keras.optimizers.Adam(0.001, global_clipnorm=1.0), loss="mse")
#     model.fit(X[:, :, None], y, epochs=500)
#     model.predict(np.array([[[5], [6], [7]]]))
