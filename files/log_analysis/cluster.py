"""What a job's keeper asks and tells the cluster: YARN, the session's JobManager, and HDFS, all by HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

#: Job states of Flink after which nothing runs any more.
ENDED = {"FINISHED", "CANCELED", "FAILED", "SUSPENDED"}


class WaitingError(Exception):
    """Something else has to happen first; its text says what."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class Checkpoint:
    path: str  # below the job's folder: <generation>/<Flink's job id>/chk-<n>
    modified: int  # of its _metadata, in ms since 1970


def newest(checkpoints: list[Checkpoint], generation: int) -> Checkpoint | None:
    """The checkpoint of a generation that was completed last, over all the jobs that ran it."""
    own = [checkpoint for checkpoint in checkpoints if checkpoint.path.split("/")[0] == str(generation)]
    return max(own, key=lambda checkpoint: checkpoint.modified, default=None)


class Cluster:
    """YARN, the session's JobManager behind YARN's proxy, and HDFS, all by HTTP."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.http = requests.Session()
        self.http.mount(
            "http://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5, status_forcelist=[502, 503]))
        )

    def get(self, url: str, **params: str) -> dict[str, Any]:
        answer = self.http.get(url, params=params, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def session(self) -> str:
        """The id of the YARN application that is the running session. Raises WaitingError."""
        url = f"{self.settings['yarn_url']}/ws/v1/cluster/apps"
        found = self.get(url, states="RUNNING", applicationTypes="Apache Flink")["apps"] or {"app": []}
        ids = [app["id"] for app in found["app"] if app["name"] == self.settings["session"]]
        if not ids:
            raise WaitingError(f"no session {self.settings['session']} runs in YARN")
        return max(ids)

    def jobmanager(self, session: str, path: str) -> dict[str, Any]:
        return self.get(f"{self.settings['yarn_url']}/proxy/{session}/{path}")

    def jobs(self, session: str) -> list[dict[str, Any]]:
        """The session's jobs that are this one, in whatever generation and state."""
        jobs = self.jobmanager(session, "jobs/overview")["jobs"]
        return [job for job in jobs if job["name"].rpartition(" #")[0] == self.settings["name"]]

    def cancel(self, session: str, job: dict[str, Any]) -> None:
        # YARN's proxy passes no PATCH on; Flink has this path for it.
        self.jobmanager(session, f"jobs/{job['jid']}/yarn-cancel")

    def folder(self, path: str) -> list[dict[str, Any]]:
        """What is in a folder below the job's checkpoints; nothing if there is no such folder."""
        answer = self.http.get(self.webhdfs(path), params={"op": "LISTSTATUS", **self.user}, timeout=10)
        if answer.status_code == requests.codes.not_found:
            return []
        answer.raise_for_status()
        return answer.json()["FileStatuses"]["FileStatus"]

    def checkpoints(self) -> list[Checkpoint]:
        """The complete checkpoints, those with a _metadata, which Flink puts there last and whole."""
        return [
            Checkpoint(path, file["modificationTime"])
            for generation in self.folder("")
            for job in self.folder(generation["pathSuffix"])
            for checkpoint in self.folder(f"{generation['pathSuffix']}/{job['pathSuffix']}")
            if checkpoint["pathSuffix"].startswith("chk-")
            for path in ["/".join(part["pathSuffix"] for part in (generation, job, checkpoint))]
            for file in self.folder(path)
            if file["pathSuffix"] == "_metadata"
        ]

    def remove(self, path: str) -> None:
        answer = self.http.delete(
            self.webhdfs(path), params={"op": "DELETE", "recursive": "true", **self.user}, timeout=30
        )
        answer.raise_for_status()

    def webhdfs(self, path: str) -> str:
        root = f"{self.settings['webhdfs_url']}/webhdfs/v1{self.settings['checkpoints_path']}/{self.settings['name']}"
        return f"{root}/{path}".rstrip("/")

    @property
    def user(self) -> dict[str, str]:
        return {"user.name": self.settings["hdfs_user"]}
