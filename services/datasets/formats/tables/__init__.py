"""Tables: CSV, JSONL and Parquet, and all that they share."""
