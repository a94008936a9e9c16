"""Deliveries to Slack: written with the change that caused them, claimed, attempted, recorded."""
