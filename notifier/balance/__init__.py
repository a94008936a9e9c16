"""The partner balance: polling, levels, forecast, and the picture of its trend."""
