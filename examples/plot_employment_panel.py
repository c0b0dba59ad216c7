"""Employment in 22 sectors, one network
=====================================

Monthly employment in 22 sectors of the United States: a panel, from which one network learns, and which it forecasts
series by series. Beside it seasonal naive, and the last month repeated.
"""

# %%
# The panel is a long frame: a column of ids, one of months, one of values. The last year is the test, cut off at the
# same month in all sectors.
import matplotlib.pyplot as plt

import tsrnn

jobs = tsrnn.datasets.load_us_employment()
known, truth = tsrnn.train_val_test_split(jobs, test_size=12)

# %%
# Nothing is set but the horizon: each sector is scaled by its own mean and deviation, and how windows are brought to
# one level is tried on the last year of `known`. Panel in, panel out: `forecast` gives the frame of the coming year in
# the same format.
forecaster = tsrnn.RNNForecaster(horizon=12, random_state=0).fit(known)
forecast = forecaster.forecast()
naive = tsrnn.SeasonalNaive(horizon=12).fit(known).forecast()
last = tsrnn.SeasonalNaive(horizon=12, season=1).fit(known).forecast()

# %%
# Scores of each series: sizes differ by a factor of 400, so MASE, errors in units of each sector's own year-on-year
# changes, is what can be averaged. The series are seasonally adjusted: not last year but last month is hard to beat.
candidates = {"LSTM": forecast, "seasonal naive": naive, "last month": last}
scores = {name: tsrnn.metrics.panel_scores(truth, table, known, season=12) for name, table in candidates.items()}
for name, table in scores.items():
    n_better = (scores["LSTM"]["MASE"] < table["MASE"]).sum()
    mean = table[["MASE", "sMAPE"]].mean().round(3).to_dict()
    print(f"{name}: {mean}" + (f", worse than the LSTM in {n_better} of {len(table)} sectors" if n_better else ""))

# %%
# It prints::
#
#     LSTM: {'MASE': 0.212, 'sMAPE': 0.825}
#     seasonal naive: {'MASE': 0.99, 'sMAPE': 2.344}, worse than the LSTM in 21 of 22 sectors
#     last month: {'MASE': 0.526, 'sMAPE': 1.362}, worse than the LSTM in 17 of 22 sectors
#
# Most sectors went on growing as in the years before, which the network had learnt to go on with. Of the fall of mining
# in 2015 nothing could be seen in 2014. The picture has the first twelve sectors.
axes = tsrnn.plotting.plot_panel(
    forecast, known, truth=truth, baseline=naive, n_history=36, ylabel="thousands of jobs",
    title="Employment in the United States, forecast at the end of 2014",
)  # fmt: skip
axes[0].figure.savefig("employment_panel.png", dpi=100)
plt.show()
