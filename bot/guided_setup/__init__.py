"""What `cardops init` asks, tries at once and writes, from nothing to the first answer."""
