"""A request's life until it is approved or over: opening, decisions, deadlines, lists."""
