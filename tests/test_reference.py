"""Each entry of reference.yml, looked up in what is rendered for the inventory `vms`; no host.

lab/test_hosts.py runs the same tests on the lab's hosts: `system` is rendered.RenderedHosts here, and
running.RunningHosts there.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from formats import environment, exports, inside, nginx, path_of, properties, unit
from reference import DATA, PACKAGED, PROJECT, Entries, entries, local, options, service, text_of
from rendered import RenderedHosts
from rendering import DEBIAN, UBUNTU
from templates import SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = list(DATA["hosts"])
FILES = [name for name, entry in DATA["config"].items() if "file" in entry]
#: What the others of `runs` install.
INSTALLS = {"hadoop_client": "/usr/local/hadoop", "locust": f"{PROJECT}/loadtest/.venv"}
#: The services among `runs`; Flink is its session.
DAEMONS = {name for facts in DATA["hosts"].values() for name in facts["runs"]} - set(INSTALLS)
SERVICE = {name: SERVICES["flink_session" if name == "flink" else name] for name in DAEMONS}
UNITS = {name: re.split(r"@|\.service$", SERVICE[name]["unit"])[0] for name in DAEMONS}
#: The hosts that each product is installed on.
INSTALLED = {
    "kafka": ["hadoop02", "hadoop03", "hadoop04"],
    "hadoop": ["web01", "hadoop01", "hadoop02", "hadoop03", "hadoop04"],
    "flume": ["web01"],
    "flink": ["hadoop04"],
}
FORMATS: dict[str, Callable[[str], Any]] = {"nginx": nginx, "properties": properties, "shell": exports}


@pytest.fixture(scope="module", params=[UBUNTU, DEBIAN], ids=["ubuntu", "debian"])
def system(request: pytest.FixtureRequest) -> RenderedHosts:
    """Return the hosts of the inventory `vms` on each distribution."""
    return RenderedHosts(request.param)


@pytest.fixture(scope="module")
def read() -> set[tuple[str, ...]]:
    """Return the entries that the tests have read."""
    return set()


@pytest.fixture(scope="module")
def reference(read: set[tuple[str, ...]]) -> Entries:
    """Return reference.yml."""
    return Entries(DATA, read)


@pytest.fixture
def config(reference: Entries) -> Entries:
    """Return reference.yml's part about the hosts' files."""
    return reference["config"]


@pytest.mark.parametrize("host", HOSTS)
def test_host(system: RenderedHosts, reference: Entries, host: str) -> None:
    facts = reference["hosts"][host]
    if "ip" in facts:
        assert system.address(host) == local(facts["ip"], system)
    assert {name for name in DAEMONS if system.service(host, UNITS[name])} == set(facts["runs"]) - set(INSTALLS)
    for name in facts["runs"]:
        if name in INSTALLS:
            assert system.link(host, INSTALLS[name]), f"{name} is not installed"
        elif "packages" not in SERVICE[name]:  # those run as their packages' own users
            user = reference["webapp"]["user"] if name == "webapp" else "hadoop"
            assert unit(service(system, host, UNITS[name]))["User"] == [user], name


@pytest.mark.parametrize("product", DATA["versions"])
def test_version(system: RenderedHosts, reference: Entries, product: str) -> None:
    expected = str(reference["versions"][product])
    if product in PACKAGED["Ubuntu 22.04"]:
        # The case study's Ubuntu fixes it; another distribution has its own.
        assert expected.startswith(PACKAGED["Ubuntu 22.04"][product])
        packaged = PACKAGED[system.distribution][product]
        assert re.match(rf"{re.escape(packaged)}\b", system.version(product))
    else:
        assert system.version(product) == expected


@pytest.mark.parametrize("product", INSTALLED)
def test_path(system: RenderedHosts, reference: Entries, product: str) -> None:
    path = reference["paths"][product]
    for host in INSTALLED[product]:
        assert system.link(host, path) == f"{path}-{reference['versions'][product]}"
        # The case study calls Flink by its directory.
        assert product == "flink" or f"{path}/bin" in path_of(text_of(system, host, "/etc/environment"))


def test_project(system: RenderedHosts, reference: Entries) -> None:
    assert system.file("web01", f"{reference['paths']['project']}/webapp/main.py")


@pytest.mark.parametrize("name", FILES)
def test_file(system: RenderedHosts, config: Entries, name: str) -> None:
    entry = config[name]
    for host in entry["hosts"]:
        text = text_of(system, host, entry["file"])
        assert text
        if "format" in entry:
            assert FORMATS[entry["format"]](text)


def test_nginx(system: RenderedHosts, config: Entries) -> None:
    entry = config["nginx"]
    http = inside(nginx(text_of(system, "web01", entry["file"])), "http")
    for key, value in entry["in_http_block"].items():
        words = [*key.split(), value] if key.startswith("log_format") else [key, *value.split()]
        assert [one for one in http if one[0] == words[0]] == [words]
    note = entry["note"]
    assert [one[0] for one in http if one[0] in ("log_format", "access_log")] == ["log_format", "access_log"], note


def test_nginx_site(system: RenderedHosts, config: Entries) -> None:
    entry = config["nginx_site"]

    def check(settings: Entries, directives: list[list[Any]]) -> None:
        for key, value in settings.items():
            if isinstance(value, Entries):
                check(value, inside(directives, *key.split()))
            else:
                named = [one for one in directives if one[: len(key.split())] == key.split()]
                assert named == [[*key.split(), *local(str(value), system).split()]]

    check(entry["server"], inside(nginx(text_of(system, "web01", entry["file"])), "server"))


@pytest.mark.parametrize("host", DATA["config"]["kafka"]["hosts"])
def test_kafka(system: RenderedHosts, config: Entries, host: str) -> None:
    entry = config["kafka"]
    keys = {key: value[host] if isinstance(value, Entries) else value for key, value in entry["keys"].items()}
    note = entry["note"]
    expected = {key: str(value).replace("<host>", host) for key, value in (keys | dict(entry["own_keys"])).items()}
    assert properties(text_of(system, host, entry["file"])) == expected, note


@pytest.mark.parametrize("host", DATA["config"]["kafka_storage"]["hosts"])
def test_kafka_storage(system: RenderedHosts, config: Entries, host: str) -> None:
    entry = config["kafka_storage"]
    assert host in entry["hosts"]
    directory = system.file(host, entry["directory"])
    assert directory, f"{entry['directory']} does not exist"
    assert f"{directory.owner}:{directory.group}" == entry["owner"]
    assert dict(entry["environment"]).items() <= environment(service(system, host, "kafka")).items()
    assert system.cluster_id(host) == entry["cluster_id"]


def test_kafka_topic(system: RenderedHosts, config: Entries) -> None:
    entry = config["kafka_topic"]
    note = entry["note"]
    assert system.topic(entry["topic"]) == {"partitions": 3, "replicas": 1}, note


@pytest.mark.parametrize("name", ["flume_env", "flink_env"])
def test_exports(system: RenderedHosts, config: Entries, name: str) -> None:
    entry = config[name]
    for host in entry["hosts"]:
        assert dict(entry["exports"]).items() <= exports(text_of(system, host, entry["file"])).items()


def test_flume_agent(system: RenderedHosts, config: Entries) -> None:
    entry = config["flume_agent"]
    found = properties(text_of(system, "web01", entry["file"]))
    assert {key.split(".")[0] + "." for key in found} == {entry["prefix"]}
    for key, value in entry["keys"].items():
        expected = str(value).lower() if isinstance(value, bool) else str(value)
        assert found.get(entry["prefix"] + key) == expected, key
    (command,) = unit(service(system, "web01", "flume"))["ExecStart"]
    expected = entry["command"].replace("<file>", entry["file"])
    assert " ".join(command.split()) == f"/usr/local/flume/bin/{expected}"


def test_postgresql_settings(system: RenderedHosts, config: Entries) -> None:
    entry = config["postgresql_settings"]
    file = system.file("db01", local(entry["file"], system))
    assert f"{file.owner}:{file.group}" == entry["owner"]
    assert dict(entry["keys"]).items() <= properties(file.text).items()


def test_postgresql_hba(system: RenderedHosts, config: Entries) -> None:
    entry = config["postgresql_hba"]
    rules = [line.split() for line in text_of(system, "db01", entry["file"]).splitlines()]
    assert local(entry["line"], system).split() in rules
    note = entry["note"]
    assert system.password_encryption() == "scram-sha-256", note


def test_database(system: RenderedHosts, config: Entries) -> None:
    entry = config["database"]
    assert entry["hosts"] == ["db01"]
    assert system.database_owner(entry["database"]) == entry["user"]
    assert system.can_log_in(entry["database"], entry["user"], entry["password"])
    columns, unique = system.table(entry["database"], entry["table"])
    assert list(columns.items()) == list(entry["columns"].items())
    assert unique == dict(entry["unique"])


def test_job(system: RenderedHosts, config: Entries) -> None:
    entry = config["flink_env"]
    assert system.submitted() == set(entry["commands"])
    note = entry["note"]
    for path in ("job.py", "requests.sql", "jobs/web01-log-analysis.json"):
        assert system.file("hadoop04", f"{PROJECT}/log_analysis/{path}"), note


def test_webapp_route(system: RenderedHosts, reference: Entries) -> None:
    method, sentence = re.fullmatch(
        r"(\w+ /) with (\{.*\}) answers the words of the sentence", reference["webapp"]["route"]
    ).groups()
    assert method == "POST /"
    assert system.words(json.loads(sentence)["raw"]) == ["决心", "是", "成功", "的", "开始"]


def test_webapp_runs(system: RenderedHosts, reference: Entries) -> None:
    webapp = service(system, "web01", "webapp")
    site = text_of(system, "web01", "/etc/nginx/conf.d/comprehensive-case-webapp.conf")
    server = inside(nginx(site), "server")
    (bind,) = unit(text_of(system, "web01", "/etc/systemd/system/webapp.socket"))["ListenStream"]
    assert unit(webapp)["WorkingDirectory"] == [f"{PROJECT}/webapp"]
    assert ["proxy_pass", f"http://{bind}"] in inside(server, "location", "/")
    command = unit(webapp)["ExecStart"][0].removeprefix(f"{PROJECT}/webapp/.venv/bin/")
    (port,) = (one[1] for one in server if one[0] == "listen")
    assert f"{command}, on {bind}, behind nginx on port {port}" == reference["webapp"]["runs"]


def test_loadtest(system: RenderedHosts, reference: Entries) -> None:
    entry = reference["loadtest"]
    assert system.file("web01", f"{PROJECT}/{entry['file']}")
    least, most, all_drawn = system.load()
    assert all_drawn, "other lines than the file's"
    lines = "a line drawn at random from webapp/data/sentences.txt"
    assert f"draw num from {least}..{most}, then send num times {lines}" == entry["user"]
    assert options(system.load_command()) == options(entry["command"].split())


def test_every_entry_is_checked(read: set[tuple[str, ...]], request: pytest.FixtureRequest) -> None:
    here = {name for name in vars(request.module) if name.startswith("test_")}
    if here > {item.originalname for item in request.session.items if item.module is request.module}:
        pytest.skip("only together with all other tests of this file")
    assert set(entries()) - read == set()
