"""A person's own key (passkey): enrolling one, and the proof that binds a decision to its content."""
