"""Settings of gunicorn, for `gunicorn main:app -c deploy/gunicorn.py`.

From the environment:
    WEBAPP_BIND     the address to listen on (default 127.0.0.1:8000)
    WEBAPP_WORKERS  the number of processes (default 0: one for each core that this process may use)
"""

from __future__ import annotations

import gc
import os

bind = os.environ.get("WEBAPP_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEBAPP_WORKERS", "0")) or len(os.sched_getaffinity(0))
worker_class = "uvicorn_worker.UvicornWorker"

# Load the application before the fork: the workers share the memory of one dictionary.
preload_app = True

# No access log: nginx writes one.
accesslog = None

# Seconds: a worker without a heartbeat for `timeout` is replaced; at a stop, running requests have `graceful_timeout`.
timeout = 30
graceful_timeout = 30


def when_ready(_server: object) -> None:
    """Exclude what was loaded before the fork from garbage collection, which would copy the shared pages."""
    gc.collect()
    gc.freeze()
