"""What the benchmarks of the deployed lab share: its hosts, scratch topics and files, and how they are removed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent / "tests/lab"), str(BENCH.parent / "tests")]

from conftest import Lab  # noqa: E402 (found by the line above)

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB, BROKER, FLINK, DATABASE = "web01", "hadoop02", "hadoop04", "db01"
SERVERS = "hadoop02:9092,hadoop03:9092,hadoop04:9092"
PROJECT = "/home/hadoop/Projects/comprehensive-case-study"
SCRATCH = "/var/tmp/bench"
KAFKA = "JAVA_HOME=/usr/lib/jvm/java-11-openjdk-amd64 /usr/local/kafka/bin"


class Deployed(Lab):
    """The deployed lab, with scratch directories."""

    def copy(self, host: str) -> None:
        """Copy the programs of this directory to a host's scratch directory, which is new."""
        self.run(host, f"rm -rf {SCRATCH} && install -d -o hadoop -g hadoop {SCRATCH}")
        packed = subprocess.run(
            ["tar", "--create", "--directory", BENCH, "kafka_lines.py", "lines.py", "count_job.py"],
            check=True,
            stdout=subprocess.PIPE,
        )
        unpack = [*self.ssh(host), f"tar --extract --directory {SCRATCH}"]
        subprocess.run(unpack, input=packed.stdout, check=True)

    def kafka_lines(self, *arguments: str) -> str:
        """Run kafka_lines.py on the web host."""
        environment = f"PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={PROJECT}/verify"
        python = f"{environment} {PROJECT}/verify/.venv/bin/python"
        return self.run(WEB, f"cd {SCRATCH} && {python} kafka_lines.py {shlex.join(arguments)}")

    def select(self, query: str) -> str:
        """Return what PostgreSQL answers its superuser."""
        psql = "cd / && runuser -u postgres -- psql --dbname log_analysis -qAtX -v ON_ERROR_STOP=1 --command"
        return self.run(DATABASE, f"{psql} {shlex.quote(query)}").strip()

    @contextmanager
    def topic(self, name: str) -> Iterator[str]:
        """Create a topic of one partition and one replica, and delete it at the end."""
        tool = f"{KAFKA}/kafka-topics.sh --bootstrap-server {SERVERS} --topic {name}"
        # The lines' times are older than Kafka keeps records.
        create = f"{tool} --create --partitions 1 --replication-factor 1 --config retention.ms=-1"
        self.run(BROKER, f"{tool} --delete --if-exists && sleep 2 && {create}")
        try:
            yield name
        finally:
            self.run(BROKER, f"{tool} --delete", check=False)
