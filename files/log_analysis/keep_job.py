"""Keep one log analysis job running on the Flink session of a given name.

Where a job stands is read from what cannot lie: YARN (which session runs), the JobManager (which jobs run), HDFS
(which checkpoints are complete) and PostgreSQL (which rows stand, and the plan). The plan is one row a job:

    generation   counts the versions of the job; it is in the name of the Flink job and in its checkpoints' path
    digest       of the SQL and settings of that generation
    since        the window boundary its first start counts from; null: everything that Kafka has

A job that is missing is submitted again from its generation's newest complete checkpoint, or, where there is none,
from `since`. A changed digest makes a new generation: the old job is cancelled, and in one transaction the rows from
`since` on are deleted and the new plan is written. So it may be stopped at any point and carries on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import math
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2
import requests
from psycopg2 import sql
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

log = logging.getLogger("keep_job")

#: Job states of Flink after which nothing runs any more.
ENDED = {"FINISHED", "CANCELED", "FAILED", "SUSPENDED"}
#: Submissions of one generation that may fail in one session before its checkpoints are given up.
MAX_FAILURES = 3


class Waiting(Exception):
    """Something else has to happen first; its text says what."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class Plan:
    generation: int
    digest: str
    since: datetime | None

    @property
    def since_ms(self) -> int:
        """The boundary in ms since 1970; 0 for everything."""
        return 0 if self.since is None else round(self.since.timestamp() * 1000)


@dataclass(frozen=True)
class Checkpoint:
    path: str  # below the job's folder: <generation>/<Flink's job id>/chk-<n>
    modified: int  # of its _metadata, in ms since 1970


def boundary(newest_end: datetime | None, old_window: int, new_window: int, settle: int = 0) -> datetime | None:
    """The last instant at which windows of both lengths (s) end, at least `settle` s before `newest_end`.

    Flink counts windows from 1970-01-01T00:00:00Z. None where there are no rows yet.
    """
    if newest_end is None:
        return None
    step = old_window * new_window // math.gcd(old_window, new_window)
    return datetime.fromtimestamp((math.floor(newest_end.timestamp()) - settle) // step * step, timezone.utc)


def newest(checkpoints: list[Checkpoint], generation: int) -> Checkpoint | None:
    """The checkpoint of a generation that was completed last, over all the jobs that ran it."""
    own = [checkpoint for checkpoint in checkpoints if checkpoint.path.split("/")[0] == str(generation)]
    return max(own, key=lambda checkpoint: checkpoint.modified, default=None)


def digest(settings: dict[str, Any], *files: Path) -> str:
    """A SHA-256 over the part of the settings that reaches the job, and over files."""
    content = hashlib.sha256(json.dumps(settings["job"], sort_keys=True).encode())
    for file in files:
        content.update(file.read_bytes())
    return content.hexdigest()


class Database:
    """The job's rows and its plan."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.job = settings["name"]
        self.tables = settings["tables"]
        self.connect = {**settings["job"]["database"], "application_name": "keep_job", "connect_timeout": 10}

    def plan(self) -> Plan | None:
        with psycopg2.connect(**self.connect) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT generation, digest, since FROM log_analysis_plan WHERE job = %s", [self.job])
            row = cursor.fetchone()
        return Plan(*row) if row else None

    def replan(self, old: Plan | None, new_digest: str, window: int, settle: int) -> Plan:
        """Delete the rows that the next generation counts anew, and write its plan, both or neither."""
        with psycopg2.connect(**self.connect) as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "SELECT end_timestamp, extract(epoch FROM end_timestamp - start_timestamp)::integer"
                    " FROM {} ORDER BY end_timestamp DESC LIMIT 1"
                ).format(sql.Identifier(self.tables[0]))
            )
            newest_end, old_window = cursor.fetchone() or (None, window)
            since = boundary(newest_end, old_window, window, settle)
            for table in self.tables:
                cursor.execute(
                    sql.SQL("DELETE FROM {} WHERE start_timestamp >= coalesce(%s::timestamptz, '-infinity')").format(
                        sql.Identifier(table)
                    ),
                    [since],
                )
            plan = Plan(old.generation + 1 if old else 1, new_digest, since)
            cursor.execute(
                "INSERT INTO log_analysis_plan (job, generation, digest, since) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (job) DO UPDATE SET generation = excluded.generation, digest = excluded.digest,"
                " since = excluded.since",
                [self.job, plan.generation, plan.digest, plan.since],
            )
        return plan


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
        """The id of the YARN application that is the running session. Raises Waiting."""
        url = f"{self.settings['yarn_url']}/ws/v1/cluster/apps"
        found = self.get(url, states="RUNNING", applicationTypes="Apache Flink")["apps"] or {"app": []}
        ids = [app["id"] for app in found["app"] if app["name"] == self.settings["session"]]
        if not ids:
            raise Waiting(f"no session {self.settings['session']} runs in YARN")
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


class Keeper:
    def __init__(self, settings: dict[str, Any], settings_path: Path) -> None:
        self.settings = settings
        self.settings_path = settings_path
        self.script = Path(__file__).with_name("job.py")
        self.digest = digest(settings, Path(settings["job"]["sql"]), self.script)
        self.cluster = Cluster(settings)
        self.database = Database(settings)
        self.plan: Plan | None = None
        self.tidied = ""

    def keep(self) -> str:
        """Do the next thing to be done. Returns how the job stands; raises Waiting as long as it does not run."""
        session = self.cluster.session()
        jobs = self.cluster.jobs(session)
        plan = self.current_plan(session, jobs)
        name = f"{self.settings['name']} #{plan.generation}"
        self.stop(session, [job for job in jobs if job["name"] != name])
        running = [job for job in jobs if job["name"] == name and job["state"] not in ENDED]
        self.stop(session, running[1:])
        if not running:
            failures = sum(job["name"] == name and job["state"] == "FAILED" for job in jobs)
            if failures >= MAX_FAILURES:
                log.warning("%s failed %d times in this session: start anew without its checkpoints", name, failures)
                self.replan(plan)
                raise Waiting(f"{name} is given up")
            self.submit(session, name, plan)
            raise Waiting(f"{name} is submitted")
        job = running[0]
        if job["state"] != "RUNNING" or job["tasks"]["running"] < job["tasks"]["total"]:
            raise Waiting(f"{name} is {job['state']}, {job['tasks']['running']} of {job['tasks']['total']} tasks run")
        self.tidy(job["jid"])
        return f"{name} runs as {job['jid']} in {session}"

    def current_plan(self, session: str, jobs: list[dict[str, Any]]) -> Plan:
        """The plan, made anew, with every job of the old one stopped, if it is not for these SQL and settings."""
        if self.plan is None:
            plan = self.database.plan()
            if plan is None or plan.digest != self.digest:
                self.stop(session, jobs)
                self.replan(plan)
            else:
                self.plan = plan
        return self.plan

    def replan(self, old: Plan | None) -> None:
        self.plan = self.database.replan(
            old, self.digest, self.settings["job"]["window_seconds"], self.settings["settle_seconds"]
        )
        log.info("planned generation %d, which counts from %s", self.plan.generation, self.plan.since or "the start")

    def stop(self, session: str, jobs: list[dict[str, Any]]) -> None:
        """Cancel jobs. Raises Waiting until all of them have ended."""
        alive = [job for job in jobs if job["state"] not in ENDED]
        for job in alive:
            if job["state"] != "CANCELLING":
                log.info("cancel %s, %s", job["name"], job["jid"])
                self.cluster.cancel(session, job)
        if alive:
            raise Waiting(", ".join(f"{job['name']} is being cancelled" for job in alive))

    def submit(self, session: str, name: str, plan: Plan) -> None:
        folder = f"{self.settings['checkpoints_url']}/{self.settings['name']}"
        checkpoint = newest(self.cluster.checkpoints(), plan.generation)
        origin = ["-s", f"{folder}/{checkpoint.path}"] if checkpoint else []
        log.info("submit %s from %s", name, origin[1] if checkpoint else plan.since or "the start")
        command = [
            *(self.settings["flink"], "run", "-d", "-t", "yarn-session", f"-Dyarn.application.id={session}", *origin),
            *("-pyclientexec", self.settings["python"], "-py", str(self.script)),
            *("--settings", str(self.settings_path), "--name", name),
            *("--checkpoints", f"{folder}/{plan.generation}", "--since-ms", str(plan.since_ms)),
        ]
        try:
            subprocess.run(
                command, check=True, timeout=300, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except subprocess.CalledProcessError as error:
            # The client's own words, without Java's stack.
            lines = [line for line in error.stdout.splitlines() if not line.startswith(("\tat ", "SLF4J:"))]
            raise Waiting("\n".join([f"flink run ended with {error.returncode}", *lines[-20:]]), 30) from error

    def tidy(self, job_id: str) -> None:
        """Delete what earlier jobs left in HDFS as soon as the running one has a checkpoint of its own."""
        if self.tidied == job_id:
            return
        generation = str(self.plan.generation)
        own = newest(self.cluster.checkpoints(), self.plan.generation)
        if own is None or own.path.split("/")[1] != job_id:
            return
        left = [entry["pathSuffix"] for entry in self.cluster.folder("")]
        left += [f"{generation}/{entry['pathSuffix']}" for entry in self.cluster.folder(generation)]
        for path in left:
            if path not in {generation, f"{generation}/{job_id}"}:
                self.cluster.remove(path)
        self.tidied = job_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, help="the job's JSON file")
    path = parser.parse_args().settings
    # The journal has the time.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = json.loads(path.read_text())
    keeper = Keeper(settings, path)
    said, ready = "", False
    while True:
        pause = settings["poll_seconds"]
        try:
            says = keeper.keep()
            if not ready:
                subprocess.run(["systemd-notify", "--ready"], check=True)
                ready = True
        except (Waiting, requests.RequestException, psycopg2.Error, subprocess.TimeoutExpired) as problem:
            says = str(problem).strip()
            pause = getattr(problem, "seconds", None) or pause
        if says != said:
            log.info(says)
            said = says
        time.sleep(pause)


if __name__ == "__main__":
    main()
