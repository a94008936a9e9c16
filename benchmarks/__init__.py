"""What docs and ADRs claim, measured: every figure is a ratio of two things measured in turn in one run."""
