"""A deterministic simulation of the money path: replicas that die, clocks that jump, hostile outsides."""
