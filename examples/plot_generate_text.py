"""A network that writes
=====================

The characters of "hello world", learnt by heart; and a page of "Alice's Adventures in Wonderland", from which a network
writes new lines.
"""

# %%
# Two words first. Each character becomes a vector of 8 numbers, a simple RNN of 32 units reads them, and a softmax says
# which character comes next.
import matplotlib.pyplot as plt
import numpy as np

import tsrnn

characters = tsrnn.SequenceEncoder("character")
hello = characters.fit_transform(["hello world"])
small = tsrnn.RNNGenerator("rnn", hidden_layer_sizes=32, embedding_size=8, learning_rate=0.01, random_state=0)
small.fit(hello)
followers = small.predict([hello[0, : n + 1] for n in range(10)])
print(f"after each of 'hello worl' comes {characters.inverse_transform([followers])}")
print(f"'h' and ten characters more: {characters.inverse_transform([small.generate(hello[0, :1], 10, temperature=0)])}")

# %%
# It prints::
#
#     after each of 'hello worl' comes ['ello world']
#     'h' and ten characters more: ['ello world']
#
# Every character is right. Now a page, 3334 characters in one row. It is cut into pieces of 50 steps to be trained on.
# The careful network holds out a tenth of them and keeps the weights that foresee these best; the writer goes on until
# it nearly knows the page by heart.
text = tsrnn.datasets.load_alice()
encoder = tsrnn.SequenceEncoder("character", lowercase=False)
page = encoder.fit_transform([text])
settings = {"hidden_layer_sizes": 128, "embedding_size": 16, "n_steps": 50, "dropout": 0.2, "batch_size": 8}
settings |= {"learning_rate": 0.005, "max_iter": 100, "n_iter_no_change": 100, "random_state": 0}
writer = tsrnn.RNNGenerator("gru", **settings).fit(page)
careful = tsrnn.RNNGenerator("gru", early_stopping=True, **settings).fit(page)

# %%
# Perplexity is among how many characters the choice would be as hard. To know how often each comes is the baseline.
share = np.bincount(page[0])[2:] / page.size
baseline = np.exp(-(share * np.log(share)).sum())
held_out = np.exp(careful.validation_loss_curve_)
print(f"frequencies alone: perplexity {baseline:.1f}")
print(f"careful network: perplexity {held_out.min():.1f} on the pieces held out")
print(f"writer: perplexity {writer.perplexity(page):.1f} on the page it was trained on")

# %%
# It prints::
#
#     frequencies alone: perplexity 22.3
#     careful network: perplexity 8.3 on the pieces held out
#     writer: perplexity 1.6 on the page it was trained on
#
# New lines. The lower the temperature, the more often the most probable character is taken; at 1 characters are drawn
# with the probabilities that the network gives them. Another processor rounds otherwise and writes other lines.
prompt = encoder.transform(["Alice "])[0]
samples = {}
for temperature in (0.3, 0.7, 1.0):
    ids = writer.generate(prompt, 90, temperature=temperature, random_state=0)
    samples[temperature] = "Alice " + encoder.inverse_transform([ids])[0]
    print(f"temperature {temperature}: {' '.join(samples[temperature].split())}")

# %%
# Here it prints::
#
#     temperature 0.3: Alice was boniit was not a VERY goo on the was to hear the fellen by this with upout the hedge.
#     temperature 0.7: Alice was boniit was not a VERY goo of the way to hear thet sod of the fidlepich was labelled 'O
#     temperature 1.0: Alice was bonsidering af she word, she wed the hedge. In won l wo nat octut;ey wound of the thi
#
# The picture: how both learn, and how sure the careful one is of each character of a line from a later page, which it
# has never seen. Inside a word it often knows how to go on; where a word begins it cannot. Below stand the new lines,
# red where the last five characters do not stand so on the page: the higher the temperature, the more is red.
line = "There were doors all round the hall"
ids = encoder.transform([line])[0]
sure = [careful.predict_proba([ids[:n]])[0, ids[n]] for n in range(1, len(ids))]

fig, axes = plt.subplot_mosaic(
    [["left", "right"], ["below", "below"]], figsize=(11, 5.4), width_ratios=[2, 3], height_ratios=[7, 2],
    layout="constrained",
)  # fmt: skip
left, right, below = axes["left"], axes["right"], axes["below"]
left.plot(np.arange(1, 101), np.exp(writer.loss_curve_), label="writer: what it is trained on, with dropout")
left.plot(np.arange(1, 101), held_out, label="careful network: pieces held out")
left.plot(careful.best_iter_, held_out.min(), "o", color="C1", label="the weights it keeps")
left.axhline(baseline, color="gray", linestyle="--", label="frequencies of the characters")
left.set(title="Learning", xlabel="epoch", ylabel="perplexity, characters", yscale="log", ylim=(1.3, 200))
left.set_yticks([2, 5, 10, 20, 40], ["2", "5", "10", "20", "40"])
left.minorticks_off()
left.legend(frameon=False)
right.bar(range(1, len(line)), sure, color="C1", label="careful network")
right.step(range(1, len(line)), share[ids[1:] - 2], "--", where="mid", color="gray", label="frequency of the character")
right.set(title="What comes next, in a line it has not seen", ylabel="probability given to it", ylim=(0, 1))
right.set_xticks(range(len(line)), line.replace(" ", "\N{OPEN BOX}"), family="monospace")
right.set_xlabel("character of the line, read from the left")
right.legend(frameon=False)
for row, said in enumerate(samples.values()):
    for n, character in enumerate(said):
        color = "black" if said[max(n - 4, 0) : n + 1] in text else "#c0392b"
        below.text(n, row, character, color=color, family="monospace", ha="center", va="center")
below.set_title('The writer after "Alice ": in red where the last five characters are not on its page')
below.set(ylabel="temperature", xlim=(-1, len(said)), xticks=[], ylim=(2.6, -0.6))
below.set_yticks(range(len(samples)), samples)
below.spines["bottom"].set_visible(False)
for ax in (left, right, below):
    ax.spines[["top", "right"]].set_visible(False)
fig.savefig("generate_text.png", dpi=100)
plt.show()

# %%
# The same in Keras::
#
#     # What is a parameter above is a layer, a loop or a reshape here.
#     ids = page[0]
#     n_pieces = (len(ids) - 1) // 50
#     x, y = (part[: 50 * n_pieces].reshape(n_pieces, 50) for part in (ids, ids[1:]))  # the rest is lost
#     model = keras.Sequential([
#         keras.layers.Embedding(encoder.n_tokens_, 16),
#         keras.layers.GRU(128, return_sequences=True, dropout=0.2),
#         keras.layers.Dropout(0.2, noise_shape=(None, 1, 128)),
#         keras.layers.Dense(encoder.n_tokens_, activation="softmax"),
#     ])
#     model.compile(keras.optimizers.Adam(0.005, global_clipnorm=1.0), "sparse_categorical_crossentropy")
#     model.fit(x, y, batch_size=8, epochs=100)
#
#     written, rng = list(prompt), np.random.default_rng(0)
#     for _ in range(90):
#         p = model.predict(np.array([written]), verbose=0)[0, -1] ** (1 / 0.7)  # reads all of it again each time
#         p[encoder.padding_id_] = 0
#         written.append(rng.choice(len(p), p=p / p.sum()))
#     print(encoder.inverse_transform([written[len(prompt) :]]))
#     # "hello world": Embedding(n, 8), SimpleRNN(32, return_sequences=True) and Dense(n) with the softmax.
