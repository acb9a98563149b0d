"""Who may say and hear what on the bus, and the configuration of nats-server that says so."""
