"""The cards that passed here: how they are remembered, and found by name, last four digits or id."""
