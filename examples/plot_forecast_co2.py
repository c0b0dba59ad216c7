"""Two years of carbon dioxide
===========================

Weekly CO2 in the air over Mauna Loa, forecast two years ahead by an LSTM, and what seasonal naive makes of it.
"""

# %%
# The series comes with the package. 59 of its 2,284 weeks were not measured; the forecaster interpolates them, inside
# the part it learns from. The last two years stay out of training, to see how good the forecast is.
import matplotlib.pyplot as plt

import tsrnn

co2 = tsrnn.datasets.load_co2()
known, truth = co2.iloc[:-104], co2.iloc[-104:]

# %%
# Fit, and forecast the 104 weeks that follow. How many epochs to train is chosen on the latest part of `known`.
forecaster = tsrnn.RNNForecaster(horizon=104, missing="interpolate", random_state=0).fit(known)
forecast = forecaster.forecast()

# %%
# Seasonal naive repeats the last year. Whatever does not beat it has learnt nothing.
naive = tsrnn.SeasonalNaive(horizon=104, missing="interpolate").fit(known).forecast()
for name, candidate in {"LSTM": forecast, "seasonal naive": naive}.items():
    scores = tsrnn.metrics.forecast_scores(truth, candidate, known, season=52)
    print(name, {score: round(scores[score], 3) for score in ("MAE", "RMSE", "sMAPE", "MASE")})

# %%
# It prints::
#
#     LSTM {'MAE': 0.363, 'RMSE': 0.456, 'sMAPE': 0.098, 'MASE': 0.271}
#     seasonal naive {'MAE': 1.875, 'RMSE': 2.115, 'sMAPE': 0.508, 'MASE': 1.401}
#
# The picture, which is also the README's: the forecast follows the season and the rise, which the repeated year cannot.
ax = tsrnn.plotting.plot_forecast(
    forecast,
    known,
    truth=truth,
    baseline=naive,
    title="Two years of CO$_2$ at Mauna Loa, forecast at the end of 1999",
    ylabel="CO$_2$, ppm",
)
ax.figure.savefig("forecast_co2.png", dpi=150)
plt.show()
