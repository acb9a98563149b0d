"""Long work: the one queue, the door of jobs, the worker."""

from libs.common.jobs.door import JobDoor
from libs.common.jobs.limits import JobLimits
from libs.common.jobs.lists import JobLists
from libs.common.jobs.queue import LEASE_SECONDS, JobQueue
from libs.common.jobs.work import Work
from libs.common.jobs.worker import Worker

__all__ = ["LEASE_SECONDS", "JobDoor", "JobLimits", "JobLists", "JobQueue", "Work", "Worker"]
