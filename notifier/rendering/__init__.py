"""From a template and its facts to a message within Slack's limits."""
