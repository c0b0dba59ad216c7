"""One observation at a time
=========================

Hour by hour a temperature arrives, and each time the next six hours are forecast: a fitted forecaster follows its
series as a stream, without being fitted again. Beside it seasonal naive, the same hours of the day before.
"""

# %%
# A typical year of San Francisco, each hour an average over 30 years: smoother than weather. The last 60 days are the
# stream. The settings were chosen on the 40 days before them.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import tsrnn

temperature = tsrnn.datasets.load_sf_temps()
known, coming = temperature.iloc[: -60 * 24], temperature.iloc[-60 * 24 :]
model = tsrnn.RNNForecaster(
    6, cell="gru", lookback=6, target_transform="seasonal_difference", missing="interpolate", windows_per_epoch=3000,
    max_iter=20, random_state=0,
).fit(known)  # fmt: skip

# %%
# `update` takes what has just been observed, `predict` gives the numbers of the next hours; `forecast` would give them
# their stamps as well, which takes longer than the network. A forecast is tested when its hours have come.
stream, forecasts = model.stream(), []
for observation in coming[:-6]:
    forecasts.append(stream.update(observation).predict(6))
forecasts, values = np.array(forecasts), temperature.to_numpy()
origins = len(known) + np.arange(len(forecasts))
truths, yesterday = (values[origins[:, None] + np.arange(1, 7) - lag] for lag in (0, 24))
for name, made in {"stream": forecasts, "seasonal naive": yesterday}.items():
    errors = np.abs(made - truths).mean(axis=0)
    print(f"{name}: MAE {errors.mean():.3f}, one hour ahead {errors[0]:.3f}, six hours ahead {errors[-1]:.3f} °F")

# %%
# To the bit, these are the forecasts of a forecaster that is given all hours at once.
together = model.update(coming[:-6]).forecast()
print(f"the same as after one update with all: {(together == forecasts[-1]).all()}")

# %%
# A snapshot is where the stream stands. The sensor sends 60 °F on New Year's Eve? Go back, and take the true value.
before = stream.snapshot()
misled = stream.update(60.0).forecast(5)
right = stream.restore(before).update(coming.iloc[-6]).forecast(5)
error = {name: np.abs(made - coming[-5:]).mean() for name, made in {"misled": misled, "restored": right}.items()}
print(f"misled by one value: MAE {error['misled']:.2f} °F; restored: {error['restored']:.2f} °F")

# %%
# It prints::
#
#     stream: MAE 0.053, one hour ahead 0.040, six hours ahead 0.065 °F
#     seasonal naive: MAE 0.157, one hour ahead 0.157, six hours ahead 0.157 °F
#     the same as after one update with all: True
#     misled by one value: MAE 8.77 °F; restored: 0.00 °F
#
# Nothing guards the network against a wrong value. Hold each observation against the forecast made for it before the
# stream takes it: nine degrees are forty times the largest error.
#
# The picture: the forecasts after the wrong and after the true value, and the errors one hour ahead. Where their
# autocorrelation leaves the band, as it does a day later, something is left to learn.
figure, axes = plt.subplot_mosaic("AA;BB;CD", figsize=(8, 9), layout="constrained")
tsrnn.plotting.plot_forecast(
    right, temperature[:-5], truth=coming[-5:], baseline=misled, ylabel="temperature, °F", n_history=24, ax=axes["A"],
    labels={"forecast": "restored", "baseline": "misled by 60 °F"}, title="The last five hours of the year",
)  # fmt: skip
one_ahead = pd.Series(forecasts[:, 0], coming.index[1:-5])
tsrnn.plotting.plot_residuals(
    coming, one_ahead, axes=[axes[name] for name in "BCD"], title="Errors one hour ahead",
    ylabel="truth - forecast, °F",
)  # fmt: skip
figure.savefig("streaming.png", dpi=100)
plt.show()
