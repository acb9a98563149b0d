"""The networks that tasks of images start from: what is known of each, and who builds it."""
