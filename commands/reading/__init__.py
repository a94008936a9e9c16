"""Reads what people type: card ids, money, dates, countries and addresses, with a guess for a near miss."""
