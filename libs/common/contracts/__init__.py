"""The shared language: every message that crosses a door, one file per noun."""
