"""Every SQL statement of the exporter, by what it is about."""
