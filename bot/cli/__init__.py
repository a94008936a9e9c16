"""The command line `cardops`: `main`, and one file for each noun."""
