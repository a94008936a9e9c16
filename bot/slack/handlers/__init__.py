"""What each command, button and modal does: one file for each slash command, put together in `table`."""
