"""One file for each slash command: words in, facts out; no Slack, no SQL, no HTTP."""
