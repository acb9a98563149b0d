"""The exporter room: files made from checkpoints with a proof of parity, and the model registry."""
