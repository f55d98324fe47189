"""The hosts of an inventory as the rendered files and tasks describe them; no host is connected to.

lab/running.py asks the lab's hosts the same questions; test_reference.py asks both.
"""

from __future__ import annotations

import re
import runpy
import sys
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock, patch

import sqlglot
from fastapi.testclient import TestClient
from formats import properties
from load_users import requests_of_users
from reference import PACKAGED, PROJECT
from rendering import ROOT, Deployment
from sqlglot import exp
from written import File

if TYPE_CHECKING:
    from written import Call

PACKAGES = {"nginx": ("web01", "nginx-full"), "postgresql": ("db01", "postgresql")}
SQL_TYPES = {"INT": "integer", "TIMESTAMPTZ": "timestamp with time zone"}


class RenderedHosts:
    """What a run with the inventory `vms` makes of its hosts."""

    network = "192.168.122"

    def __init__(self, facts: dict[str, Any]) -> None:
        self.deployment = Deployment(ROOT / "inventory/vms", facts)
        self.distribution = f"{facts['distribution']} {facts['distribution_version'].removesuffix('.11')}"
        self._files = cache(self.deployment.files)

    def _calls(self, host: str, module: str, **where: str) -> list[Call]:
        return self.deployment.calls(host, f"ansible.builtin.{module}", **where)

    @cached_property
    def _paths(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what is asked of each directory, by host and path."""
        calls = [(host, call.args) for host in self.deployment.hosts for call in self._calls(host, "file")]
        return {(host, args["path"]): args for host, args in calls if args.get("state") == "directory"}

    @cached_property
    def _links(self) -> dict[tuple[str, str], str]:
        """Return what each symbolic link points to, by host and path: the one task of a role on an installed host."""
        return {
            (host, call.variable(link)): call.variable(tree)
            for role, link, tree in (
                ("release", "__release_link", "__release_tree"),
                ("venv", "venv_path", "__venv_tree"),
            )
            for host in self.deployment.hosts
            for call in self._calls(host, "stat", role=role)
        }

    def address(self, host: str) -> str:
        """Return the host's address."""
        return self.deployment.hostvars[host]["ansible_host"]

    def file(self, host: str, path: str) -> File | None:
        """Return a file or directory with text, owner, group and mode; None if there is none."""
        if (host, path) in self._paths:
            args = self._paths[host, path]
            return File("", args.get("owner", "root"), args.get("group", "root"), args.get("mode", ""))
        product = "/".join(path.split("/")[:4])
        target = self.link(host, product)
        found = self._files(host).get(target + path.removeprefix(product) if target else path)
        beneath = any(name.startswith(f"{path}/") for name in self._files(host))
        return found or (File("") if beneath else None)

    def link(self, host: str, path: str) -> str:
        """Return what a symbolic link points to; empty if there is none."""
        return self._links.get((host, path), "")

    @cached_property
    def _services(self) -> set[tuple[str, str]]:
        made = [(host, call.args) for host in self.deployment.hosts for call in self._calls(host, "systemd_service")]
        started = [(host, args) for host, args in made if args.get("state") == "started" and args.get("enabled")]
        return {(host, args["name"].removesuffix(".service")) for host, args in started}

    def service(self, host: str, unit: str) -> bool:
        """Whether a unit runs now and after the next boot."""
        return (host, unit) in self._services

    def version(self, product: str) -> str:
        """Return a product's version; of the distribution's packages, as much as the distribution fixes."""
        packaged = PACKAGED[self.distribution].get(product, "")
        if product in PACKAGES:
            host, package = PACKAGES[product]
            return packaged if package in self._packages(host) else ""
        if product == "java":
            return packaged if any(name.startswith("openjdk-11-") for name in self._packages("web01")) else ""
        if product == "python":
            (python,) = {call.variable("__venv_python") for call in self._calls("web01", "stat", role="venv")}
            return packaged if python == "/usr/bin/python3" else ""
        if product in ("gunicorn", "locust"):
            directory = {"gunicorn": "webapp", "locust": "loadtest"}[product]
            return re.findall(rf"^{product}==(\S+)", self._locked(f"{PROJECT}/{directory}/.venv"), re.MULTILINE)[0]
        start = f"/usr/local/{product}"
        return " ".join({tree.removeprefix(f"{start}-") for (_, path), tree in self._links.items() if path == start})

    def _packages(self, host: str) -> set[str]:
        """Return what apt installs."""
        named = [call.args["name"] for call in self._calls(host, "apt")]
        return {name for names in named for name in ([names] if isinstance(names, str) else names)}

    def _locked(self, path: str) -> str:
        """Return the list of packages that a virtual environment is made of."""
        calls = self._calls("web01", "stat", role="venv")
        (lock,) = {call.variable("__venv_lock") for call in calls if call.variable("venv_path") == path}
        return Path(lock).read_text()

    def cluster_id(self, host: str) -> str:
        """Return the cluster id that the host's Kafka storage is formatted with."""
        (call,) = self._calls(host, "command", task="Format the storage")
        argv = call.args["argv"]
        return argv[argv.index("--cluster-id") + 1]

    def topic(self, name: str) -> dict[str, int]:
        """Return a topic's numbers of partitions and replicas."""
        calls = [
            call for host in self.deployment.hosts for call in self._calls(host, "command", task="Create the topics")
        ]
        (argv,) = (call.args["argv"] for call in calls if name in call.args["argv"])
        broker = properties(self.file("hadoop02", "/usr/local/kafka/config/kraft/server.properties").text)
        # What the command leaves out is the broker's default, and what the broker leaves out Kafka's.
        options = {
            "partitions": ("--partitions", broker.get("num.partitions", 1)),
            "replicas": ("--replication-factor", broker.get("default.replication.factor", 1)),
        }
        return {
            key: int(argv[argv.index(option) + 1] if option in argv else default)
            for key, (option, default) in options.items()
        }

    def password_encryption(self) -> str:
        """Return how PostgreSQL hashes passwords."""
        path = f"/etc/postgresql/{PACKAGED[self.distribution]['postgresql']}/main/conf.d/settings.conf"
        return properties(self.file("db01", path).text)["password_encryption"].strip("'")

    @cached_property
    def _database(self) -> SimpleNamespace:
        """Return the arguments of the tasks about user and database, and of the migrations, whose SQL is joined."""
        calls = {
            module: self.deployment.calls("db01", f"community.postgresql.postgresql_{module}")
            for module in ("user", "db", "query")
        }
        # The first user owns the database; the second may only read.
        made = {module: found[0].args for module, found in calls.items()}
        migrations = [call.args["query"] for call in calls["query"] if call.task == "Apply the migrations"]
        (query,) = [call.args for call in calls["query"] if call.task == "Apply the migrations"][-1:]
        return SimpleNamespace(**made | {"query": query | {"query": "\n".join(migrations)}})

    def database_owner(self, database: str) -> str:
        """Return who owns a database and its tables."""
        made = self._database
        assert made.db["name"] == made.query["login_db"] == database
        assert made.query["session_role"] == made.db["owner"]
        return made.db["owner"]

    def can_log_in(self, database: str, user: str, password: str) -> bool:
        """Whether PostgreSQL takes this password from the session's host."""
        made = self._database
        return (made.db["name"], made.user["name"], made.user["password"]) == (database, user, password)

    def table(self, database: str, name: str) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Return a table's columns with their types, and its unique constraints with their columns."""
        assert self._database.query["login_db"] == database
        statements = sqlglot.parse(self._database.query["query"], dialect="postgres")
        (schema,) = (
            one.this for one in statements if isinstance(one, exp.Create) and one.this.find(exp.Table).name == name
        )
        keys = {key.name for one in schema.find_all(exp.PrimaryKey) for key in one.find_all(exp.Identifier)}
        columns = {}
        for column in schema.find_all(exp.ColumnDef):
            kind = column.kind.sql("postgres")
            columns[column.name] = SQL_TYPES.get(kind, kind.lower())
            if column.name in keys or column.find(exp.PrimaryKeyColumnConstraint):
                columns[column.name] += ", primary key"
            elif column.find(exp.NotNullColumnConstraint):
                columns[column.name] += " not null"
        unique = {
            one.name: [column.name for column in one.find_all(exp.Identifier)][1:]
            for one in schema.find_all(exp.Constraint)
            if one.find(exp.UniqueColumnConstraint)
        }
        return columns, unique

    def submitted(self) -> set[str]:
        """Return with which of the case study's commands the session and the job of web01 are started."""
        session = self.file("hadoop04", "/usr/local/lib/flink-session/session_supervisor.py").text
        job = self.file("hadoop04", f"{PROJECT}/log_analysis/job_supervisor.py").text
        found = {
            "yarn-session.sh --detached": self.service("hadoop04", "flink-session")
            and '"bin/yarn-session.sh"), "--detached"' in session,
            "flink run <job>": self.service("hadoop04", "log-analysis@web01-log-analysis")
            and '["flink"], "run"' in job,
        }
        return {command for command, starts in found.items() if starts}

    def words(self, sentence: str) -> list[str]:
        """Return what the web application answers."""
        app = runpy.run_path(str(ROOT / "files/webapp/main.py"))["app"]
        return TestClient(app).post("/", json={"raw": sentence}).json()["words"]

    def load(self) -> tuple[int, int, bool]:
        """Return what requests_of_users returns. Locust is on the hosts only: a stand-in takes its place."""
        locust = MagicMock(FastHttpUser=object, task=lambda function: function)
        with patch.dict(sys.modules, locust=locust, gevent=MagicMock()):
            return requests_of_users(ROOT / "files/webapp/tests/locustfile.py")

    def load_command(self) -> list[str]:
        """Return the load test's command, which runs in the application's directory."""
        (call,) = (call for call in self._calls("web01", "command", role="loadtest") if "argv" in call.args)
        assert call.args["chdir"] == f"{PROJECT}/webapp"
        return [str(word) for word in call.args["argv"]]
