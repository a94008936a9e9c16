"""The composition root: makes everything once and hands it down."""
