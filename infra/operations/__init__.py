"""Backup, restore and upgrade of a stack, wherever its servers run: all it knows of them are settings."""
