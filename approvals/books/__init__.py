"""The books: everything that moved on the partner account beside everything that was approved."""
