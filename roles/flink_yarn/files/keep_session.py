"""Keep a Flink session of a given name running on YARN.

Attaches to the running application of that name, or starts one; notices within seconds when it has ended, and starts
the next. SIGTERM ends the session: its jobs stop and keep their newest checkpoints. Applications are found by name in
YARN itself, never in /tmp/.yarn-properties-<user>, which may point at a dead one.
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

log = logging.getLogger("keep_session")

#: Application states of YARN after which nothing runs any more.
ENDED = {"FINISHED", "FAILED", "KILLED"}
POLL_SECONDS = 2


class Yarn:
    """The ResourceManager's REST, and the JobManager behind its proxy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.mount("http://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5)))

    def await_active(self) -> None:
        """Wait until the ResourceManager has read what it kept of its last run: until then it knows of nothing."""
        while self.http.get(f"{self.url}/ws/v1/cluster/info", timeout=10).json()["clusterInfo"]["haState"] != "ACTIVE":
            time.sleep(POLL_SECONDS)

    def applications(self, name: str) -> list[dict[str, Any]]:
        """The living Flink applications of a name, the newest first."""
        self.await_active()
        answer = self.http.get(
            f"{self.url}/ws/v1/cluster/apps",
            params={"states": "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING", "applicationTypes": "Apache Flink"},
            timeout=10,
        )
        answer.raise_for_status()
        found = (answer.json()["apps"] or {"app": []})["app"]
        return sorted((app for app in found if app["name"] == name), key=lambda app: app["id"], reverse=True)

    def state(self, application: str) -> str:
        """An application's state; that of one YARN has forgotten is KILLED."""
        self.await_active()
        answer = self.http.get(f"{self.url}/ws/v1/cluster/apps/{application}", timeout=10)
        if answer.status_code == requests.codes.not_found:
            return "KILLED"
        answer.raise_for_status()
        return answer.json()["app"]["state"]

    def answers(self, application: str) -> bool:
        """Whether the JobManager answers through YARN's proxy."""
        answer = self.http.get(f"{self.url}/proxy/{application}/overview", timeout=10)
        return answer.ok and "flink-version" in answer.text

    def shut_down(self, application: dict[str, Any]) -> None:
        """End a session by its own REST, which YARN then sees as succeeded; YARN's proxy passes no DELETE on."""
        self.http.delete(f"http://{application['amRPCAddress']}/cluster", timeout=10).raise_for_status()


class Session:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.name, self.flink, self.options = arguments.name, arguments.flink, arguments.options
        self.yarn = Yarn(arguments.yarn_url)

    def find_or_start(self) -> str:
        """The id of the session's application."""
        found = self.yarn.applications(self.name)
        if found:
            log.info("attach to %s", found[0]["id"])
        else:
            log.info("start a session %s", self.name)
            command = [str(self.flink / "bin/yarn-session.sh"), "--detached", "-nm", self.name, *self.options]
            subprocess.run(command, check=True, timeout=300, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            found = self.yarn.applications(self.name)
        return found[0]["id"]

    def keep(self) -> None:
        """Follow one session until it has ended."""
        application, ready = self.find_or_start(), False
        while self.yarn.state(application) not in ENDED:
            if not ready and self.yarn.answers(application):
                ready = True
                log.info("%s answers", application)
                subprocess.run(["systemd-notify", "--ready", f"--status={application}"], check=True)
            time.sleep(POLL_SECONDS)
        log.warning("%s has ended", application)

    def stop(self) -> None:
        for application in self.yarn.applications(self.name):
            log.info("end %s", application["id"])
            try:
                self.yarn.shut_down(application)
            except (requests.RequestException, KeyError):
                # One that only waits for its resources has no JobManager to ask.
                subprocess.run(["yarn", "application", "-kill", application["id"]], check=True, timeout=60)
            while self.yarn.state(application["id"]) not in ENDED:
                time.sleep(POLL_SECONDS)


def main() -> NoReturn:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--yarn-url", required=True, help="the ResourceManager's web address")
    parser.add_argument("--flink", type=Path, required=True, help="Flink's home")
    parser.add_argument("options", nargs="*", help="further options of yarn-session.sh, after --")
    session = Session(parser.parse_args())
    # The journal has the time.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        while True:
            try:
                session.keep()
            except (requests.RequestException, subprocess.SubprocessError, IndexError) as problem:
                log.warning("%s", problem)
            time.sleep(POLL_SECONDS)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        session.stop()


if __name__ == "__main__":
    main()
