"""Attacks on the database by whoever can write to it: the bot's own role, or any client of the SQLite file."""
