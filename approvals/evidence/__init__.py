"""Evidence of one request for an outsider: who decided what, signed, with a program that checks it."""
