"""Hourly temperature and the calendar
====================================

What the clock knows is known ahead: the hour and the day of the year tell a network that sees six hours of temperature
what comes in the next twenty-four. Beside it seasonal naive, yesterday once more.
"""

# %%
# A typical year of Seattle: each hour is an average over 30 years, so this is far smoother than weather. One hour is
# missing. The last 60 days are the test. What is set below was chosen on the 40 days before them.
import matplotlib.pyplot as plt

import tsrnn

temperature = tsrnn.datasets.load_seattle_temps()
n_train = len(temperature) - 60 * 24

# %%
# `calendar` adds the sine and cosine of each cycle, for the hours of the window and for those to come. The last network
# forecasts, besides, the difference from the same hour of the day before.
common = {
    "horizon": 24, "lookback": 6, "cell": "gru", "missing": "interpolate", "windows_per_epoch": 3000, "max_iter": 20,
    "n_members": 1, "random_state": 0,
}  # fmt: skip
clock = ["hour", "day_of_year"]
models = {
    "six hours": tsrnn.RNNForecaster(**common, target_transform=None),
    "six hours and the calendar": tsrnn.RNNForecaster(**common, target_transform=None, calendar=clock),
    "the same, of differences from yesterday": tsrnn.RNNForecaster(
        **common, calendar=clock, target_transform="seasonal_difference"
    ),
    "seasonal naive": tsrnn.SeasonalNaive(24, missing="interpolate"),
}

# %%
# A forecast of a day every day. `refit=False` fits once, before the test; then the memory moves on from day to day.
tests = {
    name: tsrnn.backtest(model, temperature, step=24, initial=n_train, refit=False) for name, model in models.items()
}
for name, test in tests.items():
    print(f"{name}: {test.scores(by=None)[['MAE', 'RMSE', 'MASE']].round(2).to_dict()}")

# %%
# It prints::
#
#     six hours: {'MAE': 2.13, 'RMSE': 3.21, 'MASE': 13.49}
#     six hours and the calendar: {'MAE': 0.3, 'RMSE': 0.35, 'MASE': 1.89}
#     the same, of differences from yesterday: {'MAE': 0.06, 'RMSE': 0.08, 'MASE': 0.4}
#     seasonal naive: {'MAE': 0.17, 'RMSE': 0.2, 'MASE': 1.05}
#
# In degrees Fahrenheit. Six hours alone do not say when the sun will rise; the calendar does, and the error falls to a
# seventh. Yet yesterday once more is better still, so near is one typical day to the next: with the calendar alone the
# network has no skill here. Together with the differences from yesterday it has.
#
# The picture: the last day by the first two networks, and the error of the third by hours ahead.
figure, axes = plt.subplots(2, 1, figsize=(8, 7), layout="constrained")
first, second = (tests[name].forecasts.tail(24).set_index("ds")["forecast"] for name in list(models)[:2])
tsrnn.plotting.plot_forecast(
    second, temperature.iloc[:-24], truth=temperature.iloc[-24:], baseline=first, ax=axes[0],
    labels={"forecast": "six hours and the calendar", "baseline": "six hours"}, n_history=30,
    title="The last day of the year in Seattle", ylabel="temperature, °F",
)  # fmt: skip
tsrnn.plotting.plot_backtest(
    tests["the same, of differences from yesterday"], kind="step", baseline=tests["seasonal naive"], ax=axes[1],
    labels={"forecast": "differences from yesterday, and the calendar"},
    title="Mean absolute error by hours ahead, 60 days", ylabel="MAE, °F",
)  # fmt: skip
axes[1].set_xlabel("hours ahead")
figure.savefig("hourly_temperature.png", dpi=100)
plt.show()
