"""`/holder`: what its forms and modals read, ask Paytend and answer."""
