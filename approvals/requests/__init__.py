"""The life of a request until it is approved or over: opening, decisions, deadlines, lists."""
