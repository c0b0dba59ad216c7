"""The scripts in reference/ need other frameworks; pytest leaves them alone."""

collect_ignore = ["reference"]
