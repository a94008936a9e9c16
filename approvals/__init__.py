"""The two-person rule: sensitive actions, policy, requests, execution, messages and the audit trail."""
