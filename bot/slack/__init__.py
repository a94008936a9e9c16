"""The Slack edge: deliveries in, handlers, replies, the Home tab, the manifest."""
