"""Who may decide what: people, rules, limits."""
