"""The notifier room: channels, and what they told."""
