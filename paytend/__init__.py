"""Signed client of the Paytend issuing API; usable as a library of its own."""
