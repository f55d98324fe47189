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
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
import requests
from cluster import ENDED, Cluster, WaitingError, newest
from plan import Database, Plan

log = logging.getLogger("keep_job")

#: Submissions of one generation that may fail in one session before its checkpoints are given up.
MAX_FAILURES = 3


def digest(settings: dict[str, Any], *files: Path) -> str:
    """A SHA-256 over the part of the settings that reaches the job, and over files."""
    content = hashlib.sha256(json.dumps(settings["job"], sort_keys=True).encode())
    for file in files:
        content.update(file.read_bytes())
    return content.hexdigest()


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
        """Do the next thing to be done. Returns how the job stands; raises WaitingError as long as it does not run."""
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
                raise WaitingError(f"{name} is given up")
            self.submit(session, name, plan)
            raise WaitingError(f"{name} is submitted")
        self.tidy(running[0]["jid"])
        return self.describe(session, running[0])

    def look(self) -> str:
        """How the job stands, without doing anything. Raises WaitingError as long as it does not run."""
        session, plan = self.cluster.session(), self.database.plan()
        if plan is None or plan.digest != self.digest:
            raise WaitingError("the job is not planned yet")
        for job in self.cluster.jobs(session):
            if job["name"] == f"{self.settings['name']} #{plan.generation}" and job["state"] not in ENDED:
                return self.describe(session, job)
        raise WaitingError("the job is not submitted yet")

    def end(self) -> str:
        """Cancel every version of the job. Returns that none runs; raises WaitingError as long as one does."""
        try:
            session = self.cluster.session()
        except WaitingError:
            return f"{self.settings['name']} has no session to run in"
        self.stop(session, self.cluster.jobs(session))
        return f"{self.settings['name']} has ended"

    def describe(self, session: str, job: dict[str, Any]) -> str:
        """Say where a job runs. Raises WaitingError as long as not all of it runs."""
        if job["state"] != "RUNNING" or job["tasks"]["running"] < job["tasks"]["total"]:
            tasks = f"{job['tasks']['running']} of {job['tasks']['total']} tasks run"
            raise WaitingError(f"{job['name']} is {job['state']}, {tasks}")
        return f"{job['name']} runs as {job['jid']} in {session}"

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
        """Cancel jobs. Raises WaitingError until all of them have ended."""
        alive = [job for job in jobs if job["state"] not in ENDED]
        for job in alive:
            if job["state"] != "CANCELLING":
                log.info("cancel %s, %s", job["name"], job["jid"])
                self.cluster.cancel(session, job)
        if alive:
            raise WaitingError(", ".join(f"{job['name']} is being cancelled" for job in alive))

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
            raise WaitingError("\n".join([f"flink run ended with {error.returncode}", *lines[-20:]]), 30) from error

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
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--wait", type=float, metavar="S", help="only wait until the job runs, at most so many seconds")
    only.add_argument("--end", type=float, metavar="S", help="only cancel the job, and wait at most so many seconds")
    arguments = parser.parse_args()
    # The journal has the time.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = json.loads(arguments.settings.read_text())
    keeper = Keeper(settings, arguments.settings)
    step, limit = keeper.keep, None
    if arguments.wait is not None:
        step, limit = keeper.look, time.monotonic() + arguments.wait
    elif arguments.end is not None:
        step, limit = keeper.end, time.monotonic() + arguments.end
    said, ready = "", False
    while True:
        pause = settings["poll_seconds"]
        try:
            says, done = step(), True
        except (WaitingError, requests.RequestException, psycopg2.Error, subprocess.TimeoutExpired) as problem:
            says, done = str(problem).strip(), False
            pause = getattr(problem, "seconds", None) or pause
        if says != said:
            log.info(says)
            said = says
        if limit is not None and (done or time.monotonic() > limit):
            sys.exit(not done)
        if done and not ready:
            subprocess.run(["systemd-notify", "--ready"], check=True)
            ready = True
        time.sleep(pause)


if __name__ == "__main__":
    main()
