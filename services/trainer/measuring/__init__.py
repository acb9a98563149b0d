"""What this room measures for the whole house, when somebody reads it: the queue, the machines."""

from services.trainer.measuring.nodes import measure_nodes
from services.trainer.measuring.queue import measure_outbox, measure_queue

__all__ = ["measure_nodes", "measure_outbox", "measure_queue"]
