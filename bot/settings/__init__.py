"""Settings: the environment and cardops.yml, read once, with every problem named."""
