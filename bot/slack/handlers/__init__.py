"""What each command, button and modal is and does: a declaration for each, put together in `table`."""
