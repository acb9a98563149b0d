"""Formats of datasets, listed in `registry`; who packs samples loads only those that it is sent."""
