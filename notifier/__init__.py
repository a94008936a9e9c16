"""Notices to people: the inbox of webhooks, the routes, the outbox, rendering, and the balance watch."""
