"""Sample data, each set made by one function from a seed."""
