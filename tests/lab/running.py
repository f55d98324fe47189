"""The lab's hosts as they are: files, units, versions, catalogues and answers; nothing is changed.

../rendered.py answers the same questions without hosts; ../test_reference.py asks both.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import tarfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import load_users
from formats import properties
from reference import PROJECT
from rendering import DEBIAN, ROOT, Deployment
from written import File

if TYPE_CHECKING:
    from conftest import Lab

#: A jar of each product that has its version in its name.
JARS = {
    "hadoop": ("hadoop01", "/usr/local/hadoop/share/hadoop/common/hadoop-common-*.jar"),
    "kafka": ("hadoop02", "/usr/local/kafka/libs/kafka_2.13-*.jar"),
    "flume": ("web01", "/usr/local/flume/lib/flume-ng-core-*.jar"),
    "flink": ("hadoop04", "/usr/local/flink/lib/flink-scala_2.12-*.jar"),
}
VERSIONS = {
    "nginx": ("web01", "nginx -v"),
    "gunicorn": ("web01", f"{PROJECT}/webapp/.venv/bin/gunicorn --version"),
    "python": ("web01", f"{PROJECT}/webapp/.venv/bin/python --version"),
    "locust": ("web01", f"{PROJECT}/loadtest/.venv/bin/locust --version"),
    "java": ("web01", "/usr/lib/jvm/java-11-openjdk-amd64/bin/java -version"),
    "postgresql": ("db01", "cd / && runuser -u postgres -- psql -AtXc 'SHOW server_version'"),
}
STORAGE = "/hadoop/logs/kafka/data/kraft-combined-logs/meta.properties"
COLUMNS = """
SELECT json_object_agg(attname, CASE
  WHEN pg_get_serial_sequence('{table}', attname) IS NOT NULL THEN 'serial'
  ELSE format_type(atttypid, atttypmod) END || CASE
  WHEN conkey IS NOT NULL THEN ', primary key' WHEN attnotnull THEN ' not null' ELSE '' END ORDER BY attnum)
FROM pg_attribute LEFT JOIN pg_constraint ON conrelid = attrelid AND contype = 'p' AND attnum = ANY (conkey)
WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
"""
UNIQUE = """
SELECT json_object_agg(conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE conrelid = '{table}'::regclass AND contype = 'u'
"""


class RunningHosts:
    """The six hosts of the lab."""

    distribution = "Debian 11"

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.deployment = Deployment(ROOT / "inventory/lab", DEBIAN)
        self.network = self.deployment.hostvars["web01"]["cluster_network"].rsplit(".", 1)[0]
        self.rendered = {host: self.deployment.files(host) for host in lab.hosts}
        self._files: dict[str, dict[str, File | None]] = defaultdict(dict)
        with ThreadPoolExecutor() as executor:
            list(executor.map(self.fetch, lab.hosts, self.rendered.values()))
        # Python leaves no bytecode behind.
        self.run = cache(lambda host, command: lab.run(host, f"export PYTHONDONTWRITEBYTECODE=1; {command}"))

    def fetch(self, host: str, paths: list[str] | dict[str, File]) -> None:
        """Read files and directories of a host, all in one connection."""
        tar = "tar --create --dereference --no-recursion --absolute-names --ignore-failed-read"
        command = [*self.lab.ssh(host), f"{tar} {shlex.join(paths)}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._files[host] |= dict.fromkeys(paths)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
            for member in packed:
                text = packed.extractfile(member).read().decode(errors="replace") if member.isfile() else ""
                self._files[host][member.name] = File(text, member.uname, member.gname, f"{member.mode:04o}")

    def address(self, host: str) -> str:
        """Return the host's address in the lab's network."""
        return " ".join(one for one in self.run(host, "hostname -I").split() if one.startswith(f"{self.network}."))

    def file(self, host: str, path: str) -> File | None:
        """Return a file or directory with text, owner, group and mode; None if there is none."""
        if path not in self._files[host]:
            self.fetch(host, [path])
        return self._files[host][path]

    def link(self, host: str, path: str) -> str:
        """Return what a symbolic link points to; empty if there is none."""
        return self.run(host, f"readlink {path} || true").strip()

    def service(self, host: str, unit: str) -> bool:
        """Whether a unit runs now, as its file says, and after the next boot."""
        # Debian's postgresql.service starts nothing itself.
        active = "postgresql@13-main" if unit == "postgresql" else unit
        show = "systemctl show --property=Id,ActiveState,UnitFileState,NeedDaemonReload"
        one, other = (properties(self.run(host, f"{show} {name}.service")) for name in (active, unit))
        running = one["ActiveState"] == "active" and one["NeedDaemonReload"] == "no"
        return running and other["UnitFileState"] == "enabled"

    def version(self, product: str) -> str:
        """Return the version that a product says it has, or that its jar has."""
        if product in JARS:
            host, pattern = JARS[product]
            return " ".join(Path(jar).stem.rsplit("-", 1)[1] for jar in self.run(host, f"ls {pattern}").split())
        host, command = VERSIONS[product]
        return re.search(r"\d[\d.]*", self.run(host, f"({command}) 2>&1").replace("openjdk 11", ""))[0]

    def cluster_id(self, host: str) -> str:
        """Return the cluster id that the host's Kafka storage is formatted with."""
        return properties(self.file(host, STORAGE).text)["cluster.id"]

    def topic(self, name: str) -> dict[str, int]:
        """Return a topic's numbers of partitions and replicas."""
        tool = "JAVA_HOME=/usr/lib/jvm/java-11-openjdk-amd64 /usr/local/kafka/bin/kafka-topics.sh"
        options = "--bootstrap-server hadoop02:9092 --command-config /usr/local/kafka/config/client.properties"
        printed = self.run("hadoop02", f"{tool} {options} --describe --topic {name}")
        found = re.search(r"PartitionCount: (\d+)\s+ReplicationFactor: (\d+)", printed)
        return {"partitions": int(found[1]), "replicas": int(found[2])}

    def _select(self, query: str, database: str) -> str:
        """Return what PostgreSQL answers its own superuser."""
        asks = f"runuser -u postgres -- psql --dbname {database} -AtX --command {shlex.quote(query)}"
        return self.run("db01", f"cd / && {asks}").strip()

    def password_encryption(self) -> str:
        """Return how PostgreSQL has hashed the analyst's password."""
        query = "SELECT split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolname = 'log_analyzer'"
        return self._select(query, "log_analysis").lower()

    def database_owner(self, database: str) -> str:
        """Return who owns a database."""
        return self._select("SELECT datdba::regrole FROM pg_database WHERE datname = current_database()", database)

    def can_log_in(self, database: str, user: str, password: str) -> bool:
        """Whether PostgreSQL takes this password from the session's host."""
        connect = f"import psycopg2; psycopg2.connect(host='db01', dbname={database!r}, user={user!r}, "
        program = shlex.quote(f"{connect}password={password!r})")
        return self.run("hadoop04", f"/usr/local/lib/flink-venv/bin/python -c {program}") == ""

    def table(self, database: str, name: str) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Return a table's columns with their types, and its unique constraints with their columns."""
        columns, unique = (json.loads(self._select(query.format(table=name), database)) for query in (COLUMNS, UNIQUE))
        return columns, {key: re.findall(r"\w+", text)[1:] for key, text in unique.items()}

    def submitted(self) -> set[str]:
        """Return with which of the case study's commands the session and the job of web01 came to run."""
        sessions = self.lab.sessions()
        jobs = [job["name"] for session in sessions for job in self.lab.jobs(session) if job["state"] == "RUNNING"]
        found = {
            "yarn-session.sh --detached": sessions,
            "flink run <job>": any(name.startswith("web01-log-analysis ") for name in jobs),
        }
        return {command for command, runs in found.items() if runs}

    def words(self, sentence: str) -> list[str]:
        """Return what the web application answers through nginx."""
        body = shlex.quote(json.dumps({"raw": sentence}))
        curl = "curl --silent --show-error --fail --header 'Content-Type: application/json'"
        return json.loads(self.run("web01", f"{curl} --data {body} http://web01"))["words"]

    def load(self) -> list[Any]:
        """Return what requests_of_users finds with the Locust of the host."""
        program = shlex.quote(Path(load_users.__file__).read_text())
        python, locustfile = f"{PROJECT}/loadtest/.venv/bin/python", f"{PROJECT}/webapp/tests/locustfile.py"
        return json.loads(self.run("web01", f"{python} -c {program} {locustfile}"))

    def load_command(self) -> list[str]:
        """Return the command of every load test; none runs now."""
        calls = self.deployment.calls("web01", "ansible.builtin.command", role="loadtest")
        (argv,) = (call.args["argv"] for call in calls if "argv" in call.args)
        return [str(word) for word in argv]
