"""Our own web pages, each for one person and one purpose: their tokens, bounds, headers and templates."""
