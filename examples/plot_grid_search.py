"""A search over a whole pipeline
===============================

Unemployment in the United States, forecast a year ahead from the economy of the quarters before. How the columns are
prepared and how far back the network looks are chosen together, by scikit-learn's own search.
"""

# %%
# Quarterly series. The last ten years are the test, which the search never sees.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler

import tsrnn

economy = tsrnn.datasets.load_us_macro()
X, y = economy[["realgdp", "realinv", "tbilrate", "infl"]], economy["unemp"]
X_known, y_known = X.iloc[:-40], y.iloc[:-40]


# %%
# Output and investment as they are would drift away; their growth does not. `set_output` keeps the index, which is the
# clock. Nobody knows the economy of the year to come, so all four are `past_covariates`.
def from_quarter_to_quarter(levels):
    return np.log(levels).diff().fillna(0.0)


growth = FunctionTransformer(from_quarter_to_quarter, feature_names_out="one-to-one")
columns = ColumnTransformer(
    [("output", growth, ["realgdp", "realinv"]), ("rates", RobustScaler(), ["tbilrate", "infl"])],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
forecaster = tsrnn.RNNForecaster(
    4, past_covariates=list(X), hidden_layer_sizes=16, max_iter=60, random_state=0
)  # fmt: skip
pipeline = make_pipeline(columns, forecaster)

# %%
# Ten folds in the order of time, each a year after all that it was fitted to; errors in units of the changes from year
# to year (MASE, with its sign turned, as scikit-learn wants more to be better).
choices = {"columntransformer__output": [growth, "passthrough"], "rnnforecaster__lookback": [4, 8, 16]}
folds, score = TimeSeriesSplit(10, test_size=4), tsrnn.metrics.scorer("neg_mase")
search = GridSearchCV(pipeline, choices, cv=folds, scoring=score).fit(X_known, y_known)
for tried, mase in zip(search.cv_results_["params"], -search.cv_results_["mean_test_score"], strict=True):
    output = "as it is" if tried["columntransformer__output"] == "passthrough" else "growth"
    print(f"output {output}, lookback {tried['rnnforecaster__lookback']}: {mase:.2f}")
naive = cross_val_score(tsrnn.SeasonalNaive(4), X_known, y_known, cv=folds, scoring=score)
print(f"seasonal naive: {-naive.mean():.2f}")

# %%
# The test: what was chosen, fitted anew at the end of each of the last ten years but one, beside both naive forecasts.
candidates = {
    "chosen pipeline": search.best_estimator_,
    "the last quarter": tsrnn.SeasonalNaive(4, season=1),
    "seasonal naive": tsrnn.SeasonalNaive(4),
}
tests = {name: tsrnn.backtest(model, X, y, step=4, n_origins=10) for name, model in candidates.items()}
for name, test in tests.items():
    print(f"{name}: {test.scores(by=None)[['MAE', 'MASE', 'DA']].round(2).to_dict()}")

# %%
# It prints::
#
#     output growth, lookback 4: 0.29
#     output growth, lookback 8: 0.37
#     output growth, lookback 16: 0.45
#     output as it is, lookback 4: 0.39
#     output as it is, lookback 8: 0.59
#     output as it is, lookback 16: 0.62
#     seasonal naive: 0.68
#     chosen pipeline: {'MAE': 0.57, 'MASE': 0.78, 'DA': 0.5}
#     the last quarter: {'MAE': 0.59, 'MASE': 0.81, 'DA': 0.1}
#     seasonal naive: {'MAE': 0.78, 'MASE': 1.08, 'DA': 0.48}
#
# The score of what a search has chosen is too good, as it is the best of six; the test is what counts. There the
# pipeline beats seasonal naive, and is hardly better than the last quarter repeated: nothing in these columns told of
# the crisis of 2008, and the directions of its moves are right no more often than by chance.
#
# The picture: each year forecast at its beginning.
ax = tsrnn.plotting.plot_backtest(
    tests["chosen pipeline"], baseline=tests["seasonal naive"], title="Unemployment, forecast a year ahead, ten times",
    ylabel="unemployment rate, %",
)  # fmt: skip
ax.figure.savefig("grid_search.png", dpi=100)
plt.show()
