"""Tells people what happened: facts become deliveries of channels."""
