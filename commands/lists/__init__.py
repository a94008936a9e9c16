"""Lists in private answers: pages of ten rows, and the movements of a card or of the partner account."""
