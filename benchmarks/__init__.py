"""Speed as ratios: against a hand-written loop, a peer or the bare work, each measured in one run."""
