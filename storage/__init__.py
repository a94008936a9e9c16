"""What every package stores with: encryption at rest, UTC times and transactions, durations."""
