"""A job's checkpoints in HDFS, by WebHDFS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from flink_rest import http_session


@dataclass(frozen=True)
class Checkpoint:
    path: str  # below the job's directory: <generation>/<Flink's job id>/chk-<n>
    modified: int  # of its _metadata, in ms since 1970


def newest(checkpoints: list[Checkpoint], generation: int) -> Checkpoint | None:
    """The last completed checkpoint of a generation, over all the jobs that ran it."""
    own = [checkpoint for checkpoint in checkpoints if checkpoint.path.split("/")[0] == str(generation)]
    return max(own, key=lambda checkpoint: checkpoint.modified, default=None)


class CheckpointDirectory:
    """One job's directory in HDFS. Raises requests.RequestException where HDFS does not respond."""

    def __init__(self, webhdfs_url: str, path: str, user: str) -> None:
        self.url = f"{webhdfs_url}/webhdfs/v1{path}"
        self.user = user
        self.http = http_session()

    def entries(self, path: str = "") -> list[dict[str, Any]]:
        """What is in the directory at `path`; nothing if there is no such directory."""
        params = {"op": "LISTSTATUS", "user.name": self.user}
        response = self.http.get(f"{self.url}/{path}".rstrip("/"), params=params, timeout=10)
        if response.status_code == requests.codes.not_found:
            return []
        response.raise_for_status()
        return response.json()["FileStatuses"]["FileStatus"]

    def complete(self) -> list[Checkpoint]:
        """The complete checkpoints: those with a _metadata file, which Flink writes last and atomically."""
        return [
            Checkpoint(path, file["modificationTime"])
            for generation in self.entries()
            for job in self.entries(generation["pathSuffix"])
            for checkpoint in self.entries(f"{generation['pathSuffix']}/{job['pathSuffix']}")
            if checkpoint["pathSuffix"].startswith("chk-")
            for path in ["/".join(part["pathSuffix"] for part in (generation, job, checkpoint))]
            for file in self.entries(path)
            if file["pathSuffix"] == "_metadata"
        ]

    def remove(self, path: str) -> None:
        params = {"op": "DELETE", "recursive": "true", "user.name": self.user}
        self.http.delete(f"{self.url}/{path}", params=params, timeout=30).raise_for_status()
