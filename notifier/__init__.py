"""Tells people: inbox of webhooks, events, routes, outbox, delivery, rendering, balance watch."""
