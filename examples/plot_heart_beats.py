"""Heart beats in four classes
===========================

One beat is fifty values; of which kind is it? The beats are drawn by a formula, not measured, and what a network
makes of them says nothing about hearts: the example shows how classification goes.
"""

# %%
# A beat is a sum of bell curves, as in McSharry et al. (2003), A dynamical model for generating synthetic
# electrocardiogram signals: the waves P, Q, R, S and T, each with its place (part of the beat), height (mV) and width.
# Three kinds differ from the normal one: no P wave, as when the atria flutter; an early, wide beat of the ventricles,
# with T turned round; a raised stretch between S and T.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import train_test_split

import tsrnn

P, Q, R, S, T = (0.25, 0.2, 0.03), (0.42, -0.1, 0.012), (0.45, 1.0, 0.014), (0.48, -0.2, 0.012), (0.7, 0.3, 0.05)
KINDS = {
    "normal": [P, Q, R, S, T],
    "no P wave": [Q, R, S, T],
    "ventricular": [(0.38, 1.1, 0.045), (0.5, -0.4, 0.04), (0.66, -0.3, 0.06)],
    "ST raised": [P, Q, R, (0.56, 0.15, 0.06), T],
}


def draw_beats(n, kind, rng):
    beats = np.zeros((n, 50))
    for place, height, width in KINDS[kind]:  # no two beats are alike
        place = place + 0.015 * rng.normal(size=(n, 1))
        height, width = height * rng.lognormal(0, 0.25, (n, 1)), width * rng.lognormal(0, 0.15, (n, 1))
        beats += height * np.exp(-(((np.linspace(0, 1, 50) - place) / width) ** 2) / 2)
    # The electrode moves.
    drift = 0.15 * rng.normal(size=(n, 1)) * np.sin(np.linspace(0, 1, 50) + 6.3 * rng.random((n, 1)))
    noise = 0.04 * rng.normal(size=(n, 50))
    return (beats + drift + noise).astype(np.float32)


rng = np.random.default_rng(0)
X = np.concatenate([draw_beats(800, kind, rng) for kind in KINDS])
y = np.repeat(list(KINDS), 800)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)

# %%
# A GRU reads the beat value by value, and is asked at the end.
model = tsrnn.RNNClassifier(
    "gru", hidden_layer_sizes=32, learning_rate=0.01, schedule="cosine", batch_size=25, max_iter=30,
    n_iter_no_change=30, random_state=0,
)  # fmt: skip
said = model.fit(X_train, y_train).predict(X_test)
print(f"right: {accuracy_score(y_test, said):.3f} of {len(said)} beats that training has not seen")
for kind in KINDS:
    print(f"{kind}: {np.mean(said[y_test == kind] == kind):.2f} of them found")

# %%
# It prints::
#
#     right: 0.974 of 1600 beats that training has not seen
#     normal: 0.95 of them found
#     no P wave: 0.99 of them found
#     ventricular: 1.00 of them found
#     ST raised: 0.96 of them found
#
# The picture: what was taken for what; and beats of each kind, in red those that were taken for another.
figure, axes = plt.subplot_mosaic(
    [["matrix", *list(KINDS)[:2]], ["matrix", *list(KINDS)[2:]]], figsize=(10, 4.8), width_ratios=[1.5, 1, 1],
    layout="constrained",
)  # fmt: skip
matrix = ConfusionMatrixDisplay.from_predictions(
    y_test, said, labels=list(KINDS), ax=axes["matrix"], colorbar=False, cmap="Blues"
)
matrix.ax_.set(xlabel="said", ylabel="true", title="Test beats")
matrix.ax_.tick_params(axis="x", rotation=20)
for kind in KINDS:
    of_kind, is_wrong = X_test[y_test == kind], said[y_test == kind] != kind
    axes[kind].plot(of_kind[~is_wrong][:3].T, color="#333333", lw=0.8)
    axes[kind].plot(of_kind[is_wrong][:2].T, color="#c0392b", lw=1.2)
    axes[kind].set(title=kind, ylim=(-0.6, 1.6), xlabel="step", ylabel="mV")
    axes[kind].spines[["top", "right"]].set_visible(False)
lines = [plt.Line2D([], [], color=color) for color in ("#333333", "#c0392b")]
figure.legend(lines, ["told right", "taken for another"], loc="outside lower right", ncols=2, frameon=False)
figure.savefig("heart_beats.png", dpi=100)
plt.show()

# %%
# The same in Keras::
#
#     classes = np.array(list(KINDS))
#     model = keras.Sequential([
#         keras.Input((50, 1)),
#         keras.layers.GRU(32),
#         keras.layers.Dense(4, activation="softmax"),
#     ])
#     rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=30 * 64)
#     model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), loss="sparse_categorical_crossentropy")
#     numbers = (y_train[:, None] == classes).argmax(axis=1)
#     model.fit(X_train[:, :, None], numbers, batch_size=25, epochs=30)
#     said = classes[model.predict(X_test[:, :, None]).argmax(axis=1)]
