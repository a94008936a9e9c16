"""Tests of our own pages."""
