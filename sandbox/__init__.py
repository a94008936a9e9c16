"""Stand-ins of the outside world: Paytend and a Slack workspace. The bot never imports them."""
