"""What if it rains?
==================

Two weeks of temperature in Seattle, forecast twice: as if they will be dry, and as if it will rain. Rain and the kind
of weather are covariates that the network is given for the days to come as well.
"""

# %%
# Daily weather of four years: millimetres of rain, and the kind of weather, which is a category. What follows June 2015
# is the test; all settings were chosen on the half year before.
import matplotlib.pyplot as plt
import pandas as pd

import tsrnn

weather = tsrnn.datasets.load_seattle_weather()
X, y = weather[["precipitation", "weather"]], weather["temp_max"]
n_known = len(y[:"2015-06-30"])

# %%
# Covariates are known ahead unless `past_covariates` names them. The day of the year is one more, from the calendar.
# Five networks, of which the median counts, depend less on where they started.
model = tsrnn.RNNForecaster(
    horizon=14, lookback=14, target_transform=None, window_norm="mean", calendar=["day_of_year"], n_members=5,
    random_state=0,
)  # fmt: skip
model.fit(X[:n_known], y[:n_known])

# %%
# How good is it? Every 14 days, two weeks are forecast. The first network is told the weather of these days, which is
# more than anyone has: its error is what a perfect forecast of rain would be worth. The second is not told.
tests = {
    "told the weather": tsrnn.backtest(model, X, y, step=14, initial=n_known, refit=False),
    "not told": tsrnn.backtest(model, y, step=14, initial=n_known, refit=False),
    "seasonal naive": tsrnn.backtest(tsrnn.SeasonalNaive(14), y, step=14, initial=n_known, refit=False),
}
for name, test in tests.items():
    print(f"{name}: {test.scores(by=None)[['MAE', 'RMSE', 'MASE', 'bias']].round(2).to_dict()}")

# %%
# Two assumptions about the first two weeks of July: rows for these days, with the same columns.
days = model.future_frame(14).index
dry = model.forecast(14, pd.DataFrame({"precipitation": 0.0, "weather": "sun"}, days))
wet = model.forecast(14, pd.DataFrame({"precipitation": 8.0, "weather": "rain"}, days))
print(f"dry {dry.mean():.1f} °C, wet {wet.mean():.1f} °C, in fact {y[days].mean():.1f} °C")
earlier = weather[:n_known][weather.index[:n_known].month == 7]
dry_days, wet_days = (earlier.loc[earlier["precipitation"].gt(0) == rains, "temp_max"] for rains in (False, True))
print(f"earlier Julys: dry days {dry_days.mean():.1f} °C, days of rain {wet_days.mean():.1f} °C")

# %%
# It prints::
#
#     told the weather: {'MAE': 2.93, 'RMSE': 3.63, 'MASE': 0.77, 'bias': 0.52}
#     not told: {'MAE': 3.08, 'RMSE': 3.83, 'MASE': 0.81, 'bias': 0.33}
#     seasonal naive: {'MAE': 3.89, 'RMSE': 4.75, 'MASE': 1.02, 'bias': 0.75}
#     dry 29.0 °C, wet 26.7 °C, in fact 28.8 °C
#     earlier Julys: dry days 25.7 °C, days of rain 21.3 °C
#
# Both networks beat seasonal naive; to know the weather ahead is worth a tenth or two of a degree, no more. The two
# forecasts differ by two degrees, half as much as dry and wet days of earlier Julys did. They say what has gone
# together, not what rain would do: with it come clouds and wind, which the network was not told. And the wet forecast
# is a guess about something never seen, as in no summer of the data it rained for two weeks on end.
#
# The picture: the two forecasts, and below the test, told the weather.
figure, axes = plt.subplots(2, 1, figsize=(8, 7), layout="constrained")
tsrnn.plotting.plot_forecast(
    dry, y[:n_known], truth=y[days], baseline=wet, labels={"forecast": "if it stays dry", "baseline": "if it rains"},
    title="Two weeks of July 2015 in Seattle, forecast under two assumptions", ylabel="daily maximum, °C", ax=axes[0],
)  # fmt: skip
tsrnn.plotting.plot_backtest(
    tests["told the weather"], baseline=tests["seasonal naive"], labels={"forecast": "forecast, told the weather"},
    title="Forecasts every 14 days", ylabel="daily maximum, °C", ax=axes[1],
)  # fmt: skip
figure.savefig("what_if_it_rains.png", dpi=100)
plt.show()
