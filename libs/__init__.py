"""What the rooms share: the language and mechanism, the tasks, the client."""
