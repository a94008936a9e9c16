"""The two-person rule: people, actions, policy, rules, requests, execution, reconciliation, audit."""
