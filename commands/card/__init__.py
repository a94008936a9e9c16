"""`/card`: what its forms read, ask Paytend and answer."""
