"""Who may decide what: people, eligibility, rules and limits."""
