"""Messages as they travel: signed and encrypted envelopes, RSA keys, strict JSON and request ids."""
