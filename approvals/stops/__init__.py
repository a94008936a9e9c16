"""Stops: what is approved and still not carried out, until two people resume it."""
