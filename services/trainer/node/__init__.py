"""The node agent: how the machine is on which workers work, told to the trainer room."""
