"""The groups of the `modelyard` command: one file each."""
