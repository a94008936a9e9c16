"""Webhooks: taken in once, read into events, and handed to the routes."""
