"""`/partner`, and the text that asks the finance team to pay in."""
