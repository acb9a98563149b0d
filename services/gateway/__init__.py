"""The only HTTP door of the house: parse, authorise, ask a room, return."""
