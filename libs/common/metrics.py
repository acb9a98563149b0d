"""What every process of ours measures at its doors. Labels are kinds and codes, never ids, names or paths.

Counters of what should never happen begin at 0 when their door opens: Prometheus sees no rise in a series
that begins with 1.
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# When each series began: as many samples again, and nobody asks.
disable_created_metrics()

# An answer takes milliseconds, a job minutes to days.
ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
WORK_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 48 * 3600)

REQUESTS = Counter(
    "modelyard_requests_total",
    "Requests answered over the bus; `code` is ok or the error's",
    ["subject", "code"],
)
REQUEST_SECONDS = Histogram(
    "modelyard_request_seconds", "Time to answer a request of the bus", ["subject"], buckets=ANSWER_SECONDS
)
REACTIONS = Counter(
    "modelyard_facts_total", "Facts reacted to; `outcome` is done, put_off or given_up", ["fact", "outcome"]
)
JOBS_RUNNING = Gauge("modelyard_jobs_running", "Jobs that this process works on", ["kind"])
JOBS_ENDED = Counter(
    "modelyard_jobs_ended_total",
    "Attempts that ended here; `outcome` is completed, failed, put_off, cancelled, released or lost",
    ["kind", "outcome"],
)
JOB_SECONDS = Histogram(
    "modelyard_job_seconds", "How long an attempt at a job took", ["kind"], buckets=WORK_SECONDS
)
CONNECTIONS = Gauge("modelyard_database_connections", "Of the pool; `state` is busy or idle", ["state"])
CONNECTIONS_LIMIT = Gauge("modelyard_database_connections_limit", "As many as the pool may open")
