"""Each entry of document.yml, looked up in what a run writes to the inventory `document`; no host."""

from __future__ import annotations

import json
import re
import runpy
import sqlite3
import subprocess
import sys
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import pytest
from claims import CLAIMS
from document import LOAD, PACKAGED, PROJECT, Claim, leaves
from fastapi.testclient import TestClient
from formats import properties
from rendering import DEBIAN, ROOT, UBUNTU, Deployment

if TYPE_CHECKING:
    from written import Call, File

#: Of the role `venv`: which Python makes an environment, and that Python's version.
PYTHON = ("__venv_python", "venv_python_version")


class Rendered:
    """The system on paper."""

    network = "192.168.122"

    def __init__(self, facts: dict[str, Any]) -> None:
        self.deployment = Deployment(ROOT / "inventory/vms", facts)
        self.distribution = f"{facts['distribution']} {facts['distribution_version'].removesuffix('.11')}"
        self.files = cache(self.deployment.files)

    def calls(self, host: str, module: str, **where: str) -> list[Call]:
        return self.deployment.calls(host, f"ansible.builtin.{module}", **where)

    def address(self, host: str) -> str:
        return self.deployment.hostvars[host]["ansible_host"]

    def file(self, host: str, path: str) -> File | None:
        """Follow a product's symbolic link, as the file system does."""
        start = "/".join(path.split("/")[:4])
        return self.files(host).get(
            self.link(host, start) + path.removeprefix(start) if self.link(host, start) else path
        )

    def text(self, host: str, path: str) -> str:
        found = self.file(host, path)
        return found.text if found else ""

    def owner(self, host: str, path: str) -> str:
        made = [call.args for call in self.calls(host, "file") if call.args.get("path") == path]
        owners = {f"{args['owner']}:{args['group']}" for args in made if "owner" in args}
        found = self.file(host, path)
        return f"{found.owner}:{found.group}" if found else " ".join(owners)

    @cached_property
    def links(self) -> dict[tuple[str, str], str]:
        """Return what each host's symbolic links point to."""
        made = [(host, call.args) for host in self.deployment.hosts for call in self.calls(host, "file")]
        return {(host, args["dest"]): args["src"] for host, args in made if args.get("state") == "link"}

    def link(self, host: str, path: str) -> str:
        return self.links.get((host, path), "")

    @cached_property
    def units(self) -> set[tuple[str, str]]:
        """Return host and name of each unit that is started and enabled."""
        made = [(host, call.args) for host in self.deployment.hosts for call in self.calls(host, "systemd_service")]
        return {(host, args["name"]) for host, args in made if args.get("state") == "started" and args.get("enabled")}

    def runs(self, host: str, unit: str) -> bool:
        return (host, unit) in self.units

    def packages(self, host: str) -> set[str]:
        """Return what apt installs."""
        named = [call.args["name"] for call in self.calls(host, "apt")]
        return {name for names in named for name in ([names] if isinstance(names, str) else names)}

    def locked(self, path: str) -> str:
        """Return the list of packages that a virtual environment is made of."""
        calls = self.calls("web01", "file", role="venv")
        (lock,) = {call.variable("venv_requirements") for call in calls if call.args.get("dest") == path}
        return (ROOT / lock).read_text()

    def version(self, product: str) -> str:
        own = {
            "nginx": ("web01", "nginx-full"),
            "postgresql": ("db01", "postgresql"),
            "java": ("web01", "openjdk-11-jre-headless"),
        }
        if product in own:
            host, package = own[product]
            return str(PACKAGED[self.distribution][product]) if package in self.packages(host) else ""
        if product == "python":
            (used,) = {tuple(map(call.variable, PYTHON)) for call in self.calls("web01", "file", role="venv")}
            return used[1] if used[0] == "/usr/bin/python3" else ""
        if product in ("gunicorn", "locust"):
            folder = {"gunicorn": "webapp", "locust": "loadtest"}[product]
            return re.findall(rf"^{product}==(\S+)", self.locked(f"{PROJECT}/{folder}/.venv"), re.MULTILINE)[0]
        start = f"/usr/local/{product}"
        return " ".join({to.removeprefix(f"{start}-") for (_, path), to in self.links.items() if path == start})

    def exists(self, host: str, path: str) -> bool:
        folders = [call.args.get("path") for call in self.calls(host, "file") if call.args.get("state") == "directory"]
        return (
            self.file(host, path) is not None
            or path in folders
            or any(name.startswith(f"{path}/") for name in self.files(host))
        )

    def cluster_id(self, host: str) -> str:
        (call,) = self.calls(host, "command", task="Format the storage")
        argv = call.args["argv"]
        return argv[argv.index("--cluster-id") + 1]

    def topic(self, name: str) -> dict[str, int]:
        made = [
            call.args["argv"]
            for host in self.deployment.hosts
            for call in self.calls(host, "command", task="Make the topics")
        ]
        (argv,) = (argv for argv in made if argv[argv.index("--topic") + 1] == name)
        broker = properties(self.text("hadoop02", "/usr/local/kafka/config/kraft/server.properties"))
        # What the command leaves out is the broker's default, and what the broker leaves out Kafka's.
        default = {
            "partitions": broker.get("num.partitions", 1),
            "replication-factor": broker.get("default.replication.factor", 1),
        }
        given = {key: argv[argv.index(f"--{key}") + 1] for key in default if f"--{key}" in argv}
        numbers = default | given
        return {"partitions": int(numbers["partitions"]), "replicas": int(numbers["replication-factor"])}

    def password_encryption(self) -> str:
        major = PACKAGED[self.distribution]["postgresql"]
        settings = properties(self.text("db01", f"/etc/postgresql/{major}/main/conf.d/settings.conf"))
        return settings["password_encryption"].strip("'")

    def database(self, name: str) -> dict[str, Any]:
        found = {}
        for module in ("user", "db", "query"):
            calls = self.deployment.calls("db01", f"community.postgresql.postgresql_{module}")
            found[module] = calls[-1].args
        assert found["db"]["name"] == name
        assert found["query"]["login_db"] == name
        assert found["query"]["session_role"] == found["user"]["name"] == found["db"]["owner"]
        return {
            "owner": found["db"]["owner"],
            "password": found["user"]["password"],
            "tables": tables(found["query"]["query"]),
        }

    def submitted(self, host: str) -> list[str]:
        keeper = self.text(host, "/usr/local/lib/flink-session/keep_session.py")
        job = self.text(host, f"{PROJECT}/log_analysis/keep_job.py")
        found = {
            "yarn-session.sh --detached": self.runs(host, "flink-session")
            and '"bin/yarn-session.sh"), "--detached"' in keeper,
            "flink run <job>": self.runs(host, "log-analysis@web01-log-analysis") and '["flink"], "run"' in job,
        }
        return [command for command, does in found.items() if does]

    def words(self, sentence: str) -> list[str]:
        app = runpy.run_path(str(ROOT / "files/webapp/main.py"))["app"]
        return TestClient(app).post("/", json={"raw": sentence}).json()["words"]

    def load(self) -> list[Any]:
        # Locust is on the hosts only; a user's choices are made by the file alone.
        stand_in = (
            "import sys, unittest.mock as m\n"
            "locust = m.MagicMock(); locust.FastHttpUser = object; locust.task = lambda f: f\n"
            "sys.modules.update(locust=locust, gevent=m.MagicMock())\n"
        )
        command = [sys.executable, "-c", stand_in + LOAD, str(ROOT / "files/webapp/tests/locustfile.py")]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def locust(self) -> list[str]:
        (call,) = (call for call in self.calls("web01", "command", role="loadtest") if "argv" in call.args)
        assert call.args["chdir"] == f"{PROJECT}/webapp"
        return [str(word) for word in call.args["argv"]]


def tables(sql: str) -> dict[str, Any]:
    """Return the tables that statements make, as SQLite reads them, which takes PostgreSQL's types by their names."""
    with sqlite3.connect(":memory:") as database:
        database.executescript(sql)
        made = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {}
        for table, statement in made:
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            kinds = {
                name: f"{kind.lower()}{', primary key' * key}{' not null' * null}"
                for _, name, kind, null, _, key in columns
            }
            unique = re.findall(r"CONSTRAINT (\w+) UNIQUE \(([^)]*)\)", statement)
            found[table] = {"columns": kinds, "unique": {name: parts.split(", ") for name, parts in unique}}
    return found


@pytest.fixture(scope="session")
def document() -> Rendered:
    """Return the document's inventory on the document's distribution."""
    return Rendered(UBUNTU)


@pytest.fixture(scope="session")
def debian() -> Rendered:
    """Return the document's inventory on Debian 11."""
    return Rendered(DEBIAN)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_entry(claim: Claim, document: Rendered) -> None:
    claim.check(document)


@pytest.mark.parametrize(
    "claim", [claim for claim in CLAIMS if claim.name.startswith(("db01", "version"))], ids=lambda claim: claim.name
)
def test_entry_on_debian(claim: Claim, debian: Rendered) -> None:
    claim.check(debian)


def test_every_entry_is_checked() -> None:
    assert {claim.entry for claim in CLAIMS} == set(leaves())


def test_every_claim_has_a_name_of_its_own() -> None:
    names = [claim.name for claim in CLAIMS]
    assert sorted(names) == sorted(set(names))
