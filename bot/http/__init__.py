"""The web edge: the server, its paths, Paytend's webhooks, metrics."""
