"""Each entry of document.yml, looked up on the lab's hosts: their files, units, versions, catalogues and answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from claims import CLAIMS
from document import DOCUMENT, SENTENCE, Claim
from formats import properties
from hosts import DATABASE, JARS, STORAGE, ask_all
from rendering import DEBIAN, ROOT, Deployment


class Lab:
    """The system that runs."""

    distribution = "Debian 11"

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.files = {host: deployment.files(host) for host in deployment.hosts}
        self.network = deployment.hostvars["web01"]["cluster_network"].rsplit(".", 1)[0]

        self.told = ask_all(deployment, self.files)
        marked = re.split(r"^# configuration file (\S+):\n", self.run("web01", "nginx files"), flags=re.MULTILINE)[1:]
        self.nginx = dict(zip(marked[::2], marked[1::2], strict=True))

    def run(self, host: str, name: str) -> str:
        """Return what a command printed; AssertionError if it failed."""
        done = self.told[host]["commands"][name]
        assert done["rc"] == 0, f"{host}: {name}: {done['out']}"
        return done["out"].strip()

    def address(self, host: str) -> str:
        return " ".join(one for one in self.run(host, "addresses").split() if one.startswith(f"{self.network}."))

    def text(self, host: str, path: str) -> str:
        # What nginx itself reads, once it has found the whole of it valid.
        if path.startswith("/etc/nginx/"):
            return self.nginx.get(path, "")
        found = self.told[host]["files"].get(path)
        return found["text"] if found else ""

    def owner(self, host: str, path: str) -> str:
        found = self.told[host]["files"].get(path)
        return f"{found['owner']}:{found['group']}" if found else ""

    def link(self, host: str, path: str) -> str:
        return self.told[host]["links"].get(path, "")

    def runs(self, host: str, unit: str) -> bool:
        blocks = [properties(block) for block in self.run(host, "units").split("\n\n")]
        states = {block["Id"]: block for block in blocks}
        # Debian's postgresql.service starts nothing itself.
        own = states["postgresql@13-main.service" if unit == "postgresql" else f"{unit}.service"]
        enabled = states[f"{unit}.service"]["UnitFileState"] == "enabled"
        return own["ActiveState"] == "active" and own["NeedDaemonReload"] == "no" and enabled

    def version(self, product: str) -> str:
        if product in JARS:
            names = {Path(jar).stem for told in self.told.values() for jar in told["jars"][product]}
            return " ".join(name.rsplit("-", 1)[1] for name in names)
        host = "db01" if product == "postgresql" else "web01"
        return re.search(r"\d[\d.]*", self.run(host, product).replace("openjdk 11", ""))[0]

    def exists(self, host: str, path: str) -> bool:
        return path in self.nginx or self.told[host]["files"].get(path) is not None

    def cluster_id(self, host: str) -> str:
        return properties(self.text(host, STORAGE))["cluster.id"]

    def topic(self, name: str) -> dict[str, int]:
        told = re.search(
            rf"Topic: {name}\s.*PartitionCount: (\d+)\s+ReplicationFactor: (\d+)", self.run("hadoop02", "topic")
        )
        return {"partitions": int(told[1]), "replicas": int(told[2])}

    def password_encryption(self) -> str:
        return self.run("db01", "hash").lower()

    def database(self, name: str) -> dict[str, Any]:
        assert name == DATABASE["database"]
        self.run("hadoop04", "login")
        keys = json.loads(self.run("db01", "keys"))
        found = {}
        for table, columns in json.loads(self.run("db01", "columns")).items():
            primary = [column for owner, _, kind, parts in keys if (owner, kind) == (table, "p") for column in parts]
            kinds = {}
            for column, kind, null, default in columns:
                serial = str(default).startswith("nextval(")
                key = ", primary key" * (column in primary)
                kinds[column] = f"{'serial' if serial else kind}{key}{' not null' * (null == 'NO' and not serial)}"
            unique = {key: parts for owner, key, kind, parts in keys if (owner, kind) == (table, "u")}
            found[table] = {"columns": kinds, "unique": unique}
        return {"owner": self.run("db01", "owner"), "password": DATABASE["password"], "tables": found}

    def submitted(self, host: str) -> list[str]:
        applications, jobs = json.loads(self.run(host, "jobs"))
        found = {
            "yarn-session.sh --detached": applications,
            "flink run <job>": any(name.startswith("web01-log-analysis ") for name in jobs),
        }
        return [command for command, done in found.items() if done]

    def words(self, sentence: str) -> list[str]:
        assert sentence == SENTENCE
        return json.loads(self.run("web01", "words"))["words"]

    def load(self) -> list[Any]:
        return json.loads(self.run("web01", "load"))

    def locust(self) -> list[str]:
        # The command of every load test; none runs now.
        calls = self.deployment.calls("web01", "ansible.builtin.command", role="loadtest")
        (argv,) = (call.args["argv"] for call in calls if "argv" in call.args)
        return [str(word) for word in argv]


@pytest.fixture(scope="session")
def lab() -> Lab:
    """Return what the lab's hosts say."""
    return Lab(Deployment(ROOT / "inventory/lab", DEBIAN))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_entry(claim: Claim, lab: Lab) -> None:
    claim.check(lab)


@pytest.mark.parametrize("host", DOCUMENT["hosts"])
def test_what_the_tests_without_hosts_see_is_what_stands(host: str, lab: Lab) -> None:
    # Of the products' archives and of a load test only a real run knows.
    for path, file in lab.files[host].items():
        if re.search(r"^/usr/local/\.|/last\.json$", path):
            continue
        told = lab.told[host]["files"][path]
        assert told, f"{path} is missing"
        if file.whole:
            assert told["text"] == file.text, path
            assert (told["owner"], told["group"], told["mode"]) == (file.owner, file.group, file.mode), path
        else:
            assert set(file.text.splitlines()) <= set(told["text"].splitlines()), path
