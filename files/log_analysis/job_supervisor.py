"""Keep one log analysis job running on the Flink session with a given name.

The state of a job is read from its sources: YARN (which session runs), the JobManager (which jobs run), HDFS (which
checkpoints are complete) and PostgreSQL (which rows exist, and what is deployed). A deployment is one row per job:

    generation   counts the versions of the job; it is part of the Flink job's name and of its checkpoints' path
    digest       of that generation's statements, settings and format
    since        the window boundary that its first submission counts from; null: everything that Kafka has

A job that does not run is submitted again from the newest complete checkpoint of its generation or, if there is none,
from `since`. A changed digest starts a new generation: the old job is cancelled, then the rows from `since` on are
deleted and the new deployment is recorded in one transaction. The supervisor can therefore be stopped at any point, and
continues from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
import requests
from checkpoints import CheckpointDirectory, newest
from deployment import Database, Deployment
from flink_rest import JOB_ENDED, FlinkOnYarn
from statements import statements

log = logging.getLogger("job_supervisor")

#: Failed submissions of one generation in one session after which its checkpoints are given up.
MAX_FAILURES = 3
#: How often the job is asked for its late lines.
LATE_SECONDS = 60


class WaitingError(Exception):
    """The job does not run yet; the text says what has to happen first."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


def digest(job: dict[str, Any], *files: Path) -> str:
    """Return a SHA-256 over a job's settings, the statements that are made from them, and files."""
    content = hashlib.sha256(json.dumps([job, statements(job, 0)], sort_keys=True).encode())
    for file in files:
        content.update(file.read_bytes())
    return content.hexdigest()


class JobSupervisor:
    def __init__(self, settings: dict[str, Any], settings_path: Path) -> None:
        self.settings = settings
        self.settings_path = settings_path
        self.name = settings["name"]
        self.script = Path(__file__).with_name("job.py")
        self.digest = digest(settings["job"], Path(settings["job"]["format_jar"]), self.script)
        self.cluster = FlinkOnYarn(settings["yarn_url"])
        self.checkpoints = CheckpointDirectory(
            settings["webhdfs_url"], f"{settings['checkpoints_path']}/{self.name}", settings["hdfs_user"]
        )
        self.database = Database(settings)
        self.deployment: Deployment | None = None
        self.pruned_for = ""
        self.late = 0
        self.late_counted = 0.0

    def supervise(self) -> str:
        """Do the next necessary step. Returns the state of the job; raises WaitingError as long as it does not run."""
        session = self.session()
        jobs = self.jobs(session)
        deployment = self.current_deployment(session, jobs)
        name = self.job_name(deployment)
        self.cancel(session, [job for job in jobs if job["name"] != name])
        running = [job for job in jobs if job["name"] == name and job["state"] not in JOB_ENDED]
        self.cancel(session, running[1:])
        if not running:
            failures = sum(job["name"] == name and job["state"] == "FAILED" for job in jobs)
            if failures >= MAX_FAILURES:
                log.warning("%s failed %d times in this session: start a new generation", name, failures)
                self.start_generation(deployment)
                raise WaitingError(f"the checkpoints of {name} are given up")
            self.submit(session, name, deployment)
            raise WaitingError(f"{name} is submitted")
        self.prune_checkpoints(running[0]["jid"])
        state = self.describe(session, running[0])
        self.count_late(session, running[0]["jid"])
        return f"{state}, late lines dropped: at least {self.late}" if self.late else state

    def check(self) -> str:
        """The state of the job, changing nothing. Raises WaitingError as long as it does not run."""
        session, deployment = self.session(), self.database.deployment()
        if deployment is None or deployment.digest != self.digest:
            raise WaitingError("the job is not deployed yet")
        for job in self.jobs(session):
            if job["name"] == self.job_name(deployment) and job["state"] not in JOB_ENDED:
                return self.describe(session, job)
        raise WaitingError("the job is not submitted yet")

    def end(self) -> str:
        """Cancel every generation of the job. Raises WaitingError as long as one runs."""
        try:
            session = self.session()
        except WaitingError:
            return f"{self.name} has no session to run in"
        self.cancel(session, self.jobs(session))
        return f"{self.name} has ended"

    def session(self) -> str:
        """The id of the YARN application that is the running session. Raises WaitingError."""
        running = self.cluster.applications(self.settings["session"], states="RUNNING")
        if not running:
            raise WaitingError(f"no session {self.settings['session']} runs in YARN")
        return running[0]["id"]

    def jobs(self, session: str) -> list[dict[str, Any]]:
        """The session's jobs that belong to this one, in whatever generation and state."""
        return [job for job in self.cluster.jobs(session) if job["name"].rpartition(" #")[0] == self.name]

    def job_name(self, deployment: Deployment) -> str:
        return f"{self.name} #{deployment.generation}"

    def describe(self, session: str, job: dict[str, Any]) -> str:
        """Where a job runs. Raises WaitingError as long as not all of its tasks run."""
        if job["state"] != "RUNNING" or job["tasks"]["running"] < job["tasks"]["total"]:
            tasks = f"{job['tasks']['running']} of {job['tasks']['total']} tasks run"
            raise WaitingError(f"{job['name']} is {job['state']}, {tasks}")
        return f"{job['name']} runs as {job['jid']} in {session}"

    def count_late(self, session: str, job_id: str) -> None:
        """Ask the job once a minute how many lines came after their window's row."""
        if time.monotonic() - self.late_counted > LATE_SECONDS:
            self.late, self.late_counted = self.cluster.late_records(session, job_id), time.monotonic()

    def current_deployment(self, session: str, jobs: list[dict[str, Any]]) -> Deployment:
        """The deployment with this digest; if it is new, a new generation after all old jobs have ended."""
        if self.deployment is None:
            deployment = self.database.deployment()
            if deployment is None or deployment.digest != self.digest:
                self.cancel(session, jobs)
                self.start_generation(deployment)
            else:
                self.deployment = deployment
        return self.deployment

    def start_generation(self, old: Deployment | None) -> None:
        self.deployment = self.database.start_generation(
            old, self.digest, self.settings["job"]["window_seconds"], self.settings["settle_seconds"]
        )
        log.info("generation %d counts from %s", self.deployment.generation, self.deployment.since or "the start")

    def cancel(self, session: str, jobs: list[dict[str, Any]]) -> None:
        """Cancel jobs. Raises WaitingError until all of them have ended."""
        alive = [job for job in jobs if job["state"] not in JOB_ENDED]
        for job in alive:
            if job["state"] != "CANCELLING":
                log.info("cancel %s, %s", job["name"], job["jid"])
                self.cluster.cancel_job(session, job["jid"])
        if alive:
            raise WaitingError(", ".join(f"{job['name']} is being cancelled" for job in alive))

    def submit(self, session: str, name: str, deployment: Deployment) -> None:
        directory = f"{self.settings['checkpoints_url']}/{self.name}"
        checkpoint = newest(self.checkpoints.complete(), deployment.generation)
        origin = ["-s", f"{directory}/{checkpoint.path}"] if checkpoint else []
        log.info("submit %s from %s", name, origin[1] if checkpoint else deployment.since or "the start")
        command = [
            *(self.settings["flink"], "run", "-d", "-t", "yarn-session", f"-Dyarn.application.id={session}", *origin),
            *("-pyclientexec", self.settings["python"], "-py", str(self.script)),
            *("--settings", str(self.settings_path), "--name", name),
            *("--checkpoints", f"{directory}/{deployment.generation}", "--since-ms", str(deployment.since_ms)),
        ]
        # Flink's client runs a copy of job.py elsewhere.
        env = {**os.environ, "PYTHONPATH": str(self.script.parent)}
        try:
            subprocess.run(
                command, env=env, check=True, timeout=300, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except subprocess.CalledProcessError as error:
            # The client's message without Java's stack trace.
            lines = [line for line in error.stdout.splitlines() if not line.startswith(("\tat ", "SLF4J:"))]
            raise WaitingError("\n".join([f"flink run ended with {error.returncode}", *lines[-20:]]), 30) from error

    def prune_checkpoints(self, job_id: str) -> None:
        """Remove the checkpoints of earlier jobs as soon as the running one has one of its own."""
        if self.pruned_for == job_id:
            return
        generation = str(self.deployment.generation)
        own = newest(self.checkpoints.complete(), self.deployment.generation)
        if own is None or own.path.split("/")[1] != job_id:
            return
        present = [entry["pathSuffix"] for entry in self.checkpoints.entries()]
        present += [f"{generation}/{entry['pathSuffix']}" for entry in self.checkpoints.entries(generation)]
        for path in present:
            if path not in {generation, f"{generation}/{job_id}"}:
                self.checkpoints.remove(path)
        self.pruned_for = job_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, help="the job's JSON file")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--wait", type=float, metavar="S", help="only wait until the job runs, at most S seconds")
    only.add_argument("--end", type=float, metavar="S", help="only cancel the job, and wait at most S seconds")
    arguments = parser.parse_args()
    # The journal adds the time.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = json.loads(arguments.settings.read_text())
    supervisor = JobSupervisor(settings, arguments.settings)
    step, deadline = supervisor.supervise, None
    if arguments.wait is not None:
        step, deadline = supervisor.check, time.monotonic() + arguments.wait
    elif arguments.end is not None:
        step, deadline = supervisor.end, time.monotonic() + arguments.end
    reported, ready = "", False
    while True:
        pause = settings["poll_seconds"]
        try:
            state, done = step(), True
        except (WaitingError, requests.RequestException, psycopg2.Error, subprocess.TimeoutExpired) as problem:
            state, done = str(problem).strip(), False
            pause = getattr(problem, "seconds", None) or pause
        if state != reported:
            log.info(state)
            reported = state
            if deadline is None:
                subprocess.run(["systemd-notify", f"--status={state.splitlines()[0]}"], check=True)
        if deadline is not None and (done or time.monotonic() > deadline):
            sys.exit(not done)
        if done and not ready:
            subprocess.run(["systemd-notify", "--ready"], check=True)
            ready = True
        time.sleep(pause)


if __name__ == "__main__":
    main()
