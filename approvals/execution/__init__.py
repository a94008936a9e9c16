"""Carrying out what was approved, at most once, and finding out what became of it."""
