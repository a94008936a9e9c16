"""Which channel gets which notice: routes, silences, storms and their digests, acknowledgements."""
