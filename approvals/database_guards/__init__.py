"""What the database itself refuses: conditions, and the triggers that enforce them."""
