"""The shell: composition root, settings, database, the three edges (Slack, web, clock), command line."""
