"""`/card`: its declaration is in `command`, what its forms, buttons and modals do beside it."""
