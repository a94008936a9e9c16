"""The cards that passed here."""
