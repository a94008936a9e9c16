"""`/cardops`: who somebody is here, and silences."""
