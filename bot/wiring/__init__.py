"""The composition root: `compose` makes everything once, one function for each edge."""
