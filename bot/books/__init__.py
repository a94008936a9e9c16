"""Compares the partner account with our requests: reads Paytend's lists, matches them, and keeps the results."""
