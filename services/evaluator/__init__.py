"""The evaluator room: how good a checkpoint is, in aggregate and sample by sample."""
