"""Formats that models leave in: one file each."""
