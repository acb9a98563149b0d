"""The seven rooms; none of them imports another."""
