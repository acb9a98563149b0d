"""Mechanism only: the shared language, the bus, the database, storage, jobs; no rule of any room."""
