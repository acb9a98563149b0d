"""The trainer room: experiments, runs, the queue of all long work, metrics, checkpoints; and the worker."""
