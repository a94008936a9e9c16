"""The doctor: one function for each check of an installation, in one table."""
