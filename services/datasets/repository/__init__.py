"""Every SQL statement of the datasets room, by what it is about."""
