"""What the command line does: ``tsrnn forecast`` and ``tsrnn backtest``."""
