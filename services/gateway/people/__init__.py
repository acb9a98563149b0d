"""Who there is, what they sign in with, and what they may do."""
