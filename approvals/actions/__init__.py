"""The sensitive actions: their payloads, their calls, and what an answer proves."""
