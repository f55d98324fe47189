"""YARN's ResourceManager and, through its proxy, a Flink session's JobManager: their REST APIs.

Used by both supervisors, session_supervisor.py and job_supervisor.py, which run on the same host. It belongs to the
role flink_yarn, which installs the first one; the role log_analysis installs a copy beside the second one, so that each
role restarts its own units when this file changes.
"""

from __future__ import annotations

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

#: YARN's states of an application that has not ended, and of one that has.
APPLICATION_ALIVE = "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"
APPLICATION_ENDED = {"FINISHED", "FAILED", "KILLED"}
#: Flink's states of a job that has ended.
JOB_ENDED = {"FINISHED", "CANCELED", "FAILED", "SUSPENDED"}
POLL_SECONDS = 2
TIMEOUT_SECONDS = 10


def http_session() -> requests.Session:
    """An HTTP session that repeats what fails for a moment."""
    session = requests.Session()
    retry = Retry(total=3, backoff_factor=0.5, status_forcelist=[502, 503])
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


class FlinkOnYarn:
    """All methods raise requests.RequestException where the cluster does not respond."""

    def __init__(self, yarn_url: str) -> None:
        self.yarn_url = yarn_url
        self.http = http_session()

    def get(self, path: str, **params: str) -> Any:
        response = self.http.get(f"{self.yarn_url}/{path}", params=params, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return response.json()

    def wait_until_active(self) -> None:
        """Wait until the ResourceManager has recovered its state: before that it lists no application."""
        while self.get("ws/v1/cluster/info")["clusterInfo"]["haState"] != "ACTIVE":
            time.sleep(POLL_SECONDS)

    def applications(self, name: str, states: str = APPLICATION_ALIVE) -> list[dict[str, Any]]:
        """The Flink applications with this name in one of these states, the newest first."""
        self.wait_until_active()
        apps = self.get("ws/v1/cluster/apps", states=states, applicationTypes="Apache Flink")["apps"] or {"app": []}
        return sorted((app for app in apps["app"] if app["name"] == name), key=lambda app: app["id"], reverse=True)

    def application_state(self, application_id: str) -> str:
        """An application's state in YARN; KILLED if YARN does not know the application any more."""
        self.wait_until_active()
        url = f"{self.yarn_url}/ws/v1/cluster/apps/{application_id}"
        response = self.http.get(url, timeout=TIMEOUT_SECONDS)
        if response.status_code == requests.codes.not_found:
            return "KILLED"
        response.raise_for_status()
        return response.json()["app"]["state"]

    def jobmanager(self, application_id: str, path: str) -> Any:
        """A response of the session's JobManager."""
        return self.get(f"proxy/{application_id}/{path}")

    def jobmanager_responds(self, application_id: str) -> bool:
        try:
            return "flink-version" in self.jobmanager(application_id, "overview")
        except requests.RequestException:
            return False

    def jobs(self, application_id: str) -> list[dict[str, Any]]:
        """All jobs that the session knows, in whatever state."""
        return self.jobmanager(application_id, "jobs/overview")["jobs"]

    def late_records(self, application_id: str, job_id: str) -> int:
        """How many records a job's window operators have dropped as late, the most of any of them.

        Behind a local aggregate a record is a group of lines, so at least so many lines were late.
        """
        most = 0
        for vertex in self.jobmanager(application_id, f"jobs/{job_id}")["vertices"]:
            path = f"jobs/{job_id}/vertices/{vertex['id']}/subtasks/metrics"
            names = [metric["id"] for metric in self.jobmanager(application_id, path)]
            late = [name for name in names if name.endswith(".numLateRecordsDropped")]
            if late:
                values = self.get(f"proxy/{application_id}/{path}", get=",".join(late), agg="sum")
                most = max(most, *(int(value["sum"]) for value in values))
        return most

    def cancel_job(self, application_id: str, job_id: str) -> None:
        # YARN's proxy does not forward PATCH; Flink offers this path instead.
        self.jobmanager(application_id, f"jobs/{job_id}/yarn-cancel")

    def shut_down(self, application: dict[str, Any]) -> None:
        """End a session through its own REST API, so that YARN counts it as succeeded; the proxy forwards no DELETE."""
        url = f"http://{application['amRPCAddress']}/cluster"
        self.http.delete(url, timeout=TIMEOUT_SECONDS).raise_for_status()
