"""Keep a Flink session with a given name running on YARN.

Attaches to the running application with that name, or starts one. Notices within seconds that it has ended, and starts
the next one. SIGTERM ends the session: its jobs stop and keep their newest checkpoints. Applications are found by name
in YARN itself, never in /tmp/.yarn-properties-<user>, which may name one that has ended.
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import requests
from flink_rest import APPLICATION_ENDED, POLL_SECONDS, FlinkOnYarn

log = logging.getLogger("session_supervisor")
#: How long the client may wait for the JobManager's container.
START_SECONDS = 300


class SessionSupervisor:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.name, self.flink_home, self.options = arguments.name, arguments.flink, arguments.options
        self.cluster = FlinkOnYarn(arguments.yarn_url)
        #: The NodeManagers that get no containers, as last reported.
        self.unused: list[str] = []

    def find_or_start(self) -> str:
        """The id of the session's application."""
        found = self.cluster.applications(self.name)
        if found:
            log.info("attach to %s", found[0]["id"])
        else:
            log.info("start the session %s", self.name)
            self.start([str(self.flink_home / "bin/yarn-session.sh"), "--detached", "-nm", self.name, *self.options])
            found = self.cluster.applications(self.name)
        return found[0]["id"]

    def start(self, command: list[str]) -> None:
        """Run the client that starts the session; it waits until YARN has a container for the JobManager."""
        deadline = time.monotonic() + START_SECONDS
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as client:
            try:
                while client.poll() is None:
                    if time.monotonic() > deadline:
                        raise subprocess.TimeoutExpired(command, START_SECONDS)
                    self.report_unused_nodes()
                    time.sleep(POLL_SECONDS)
            except BaseException:
                client.kill()
                raise
        if client.returncode:
            raise subprocess.CalledProcessError(client.returncode, command)

    def report_unused_nodes(self) -> None:
        """Log which NodeManagers get no containers, and why, whenever that has changed."""
        nodes = self.cluster.get("ws/v1/cluster/nodes", states="UNHEALTHY,LOST")["nodes"] or {"node": []}
        unused = [f"{node['nodeHostName']} is {node['state']}: {node['healthReport']}" for node in nodes["node"]]
        if unused != self.unused:
            self.unused = unused
            log.warning("YARN gives no containers to: %s", "; ".join(unused) or "no node any more")

    def supervise(self) -> None:
        """Watch one session until it has ended."""
        application_id, ready = self.find_or_start(), False
        while self.cluster.application_state(application_id) not in APPLICATION_ENDED:
            if not ready and self.cluster.jobmanager_responds(application_id):
                ready = True
                log.info("%s responds", application_id)
                subprocess.run(["systemd-notify", "--ready", f"--status={application_id}"], check=True)
            elif not ready:
                self.report_unused_nodes()
            time.sleep(POLL_SECONDS)
        log.warning("%s has ended", application_id)

    def stop(self) -> None:
        for application in self.cluster.applications(self.name):
            log.info("end %s", application["id"])
            try:
                self.cluster.shut_down(application)
            except (requests.RequestException, KeyError):
                # While it still waits for its container there is no JobManager to ask.
                subprocess.run(["yarn", "application", "-kill", application["id"]], check=True, timeout=60)
            while self.cluster.application_state(application["id"]) not in APPLICATION_ENDED:
                time.sleep(POLL_SECONDS)


def main() -> NoReturn:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--yarn-url", required=True, help="web address of the ResourceManager")
    parser.add_argument("--flink", type=Path, required=True, help="Flink's installation directory")
    parser.add_argument("options", nargs="*", help="further options of yarn-session.sh, after --")
    supervisor = SessionSupervisor(parser.parse_args())
    # The journal adds the time.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        while True:
            try:
                supervisor.supervise()
            except (requests.RequestException, subprocess.SubprocessError, IndexError) as problem:
                log.warning("%s", problem)
            time.sleep(POLL_SECONDS)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.stop()


if __name__ == "__main__":
    main()
