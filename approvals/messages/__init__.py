"""What Slack shows of a request: the request message and the notices about it."""
