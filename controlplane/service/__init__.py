"""The control service: roles, envelope, lease and audit between its callers and the card."""
