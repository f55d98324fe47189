"""The claims of document.yml's part `config`: files, folders, the topic and the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from document import DOCUMENT, PROJECT, Claim, localise, service
from formats import environment, exports, inside, nginx, properties, unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from document import Place, System

#: config/kraft/server.properties of Kafka 3.4.0, without the keys that the case study changes.
KAFKA_OWN = {
    "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": (
        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
    ),
    "num.network.threads": "3",
    "num.io.threads": "8",
    "socket.send.buffer.bytes": "102400",
    "socket.receive.buffer.bytes": "102400",
    "socket.request.max.bytes": "104857600",
    "num.recovery.threads.per.data.dir": "1",
    "log.retention.hours": "168",
    "log.segment.bytes": "1073741824",
    "log.retention.check.interval.ms": "300000",
}


def config_claims() -> Iterator[Claim]:
    """What each block of the part says."""
    for index, block in enumerate(DOCUMENT["config"]):
        place = ("config", index)
        yield from place_claims(place, block)
        for make in (make for keys, make in BLOCKS.items() if set(keys) <= set(block)):
            yield from make(place, block)


def place_claims(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """On which hosts a file or folder is, and that it is of the format."""
    path = block.get("file", block.get("directory", "/etc/postgresql/<major>/main"))
    for index, host in enumerate(block.get("hosts", [])):
        entry = (*place, "hosts", index)
        yield Claim(f"{host}:{path}:exists", entry, True, lambda s, h=host: s.exists(h, localise(path, s)))
    if "file" in block:
        hosts, entry = block["hosts"], (*place, "file")
        yield Claim(f"{path}:text", entry, hosts, lambda s: [host for host in hosts if s.text(host, localise(path, s))])
    if "format" in block:
        read = {"nginx": nginx, "properties": properties, "shell": exports}[block["format"]]
        entry, host = (*place, "format"), block["hosts"][0]
        yield Claim(f"{path}:format", entry, True, lambda s: len(read(s.text(host, path))) > 0)


def nginx_conf(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """The log's format, before the log that it is for."""

    def http(system: System, *names: str) -> list[list[Any]]:
        return [one for one in inside(nginx(system.text("web01", block["file"])), "http") if one[0] in names]

    for index, item in enumerate(block["in_http_block"]):
        ((key, value),) = item.items()
        words = [*key.split(), value] if key.startswith("log_format") else [key, *value.split()]
        entry = (*place, "in_http_block", index, key)
        yield Claim(f"web01:{block['file']}:{key}", entry, [words], lambda s, name=words[0]: http(s, name))
    order = ["log_format", "access_log"]
    name = f"web01:{block['file']}:log_format before access_log"
    yield Claim(name, (*place, "note"), order, lambda s: [one[0] for one in http(s, *order)])


def nginx_site(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """The server in front of the web application."""

    def walk(settings: dict[str, Any], entry: Place, *blocks: list[str]) -> Iterator[Claim]:
        for key, value in settings.items():
            if isinstance(value, dict):
                yield from walk(value, (*entry, key), *blocks, key.split())
                continue
            words = [*key.split(), *str(value).split()]

            def found(system: System, words: list[str] = words, length: int = len(key.split())) -> str:
                directives = nginx(system.text("web01", block["file"]))
                for names in blocks:
                    directives = inside(directives, *names)
                return "; ".join(" ".join(one) for one in directives if one[:length] == words[:length])

            yield Claim(f"web01:{block['file']}:{key}", (*entry, key), " ".join(words), found)

    yield from walk(block["server"], (*place, "server"), ["server"])


def kafka_properties(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """What is changed in Kafka's own server.properties, and that nothing else is."""
    path = block["file"]
    for host in block["hosts"]:
        for key, value in block["keys"].items():
            entry, expected = (*place, "keys", key), value
            if isinstance(value, dict):
                entry, expected = (*entry, host), value[host]
            expected = str(expected).replace("<host>", host)
            yield Claim(
                f"{host}:{path}:{key}", entry, expected, lambda s, h=host, k=key: properties(s.text(h, path)).get(k)
            )
        note = (*place, "note")
        for key, value in KAFKA_OWN.items():
            yield Claim(
                f"{host}:{path}:{key}", note, value, lambda s, h=host, k=key: properties(s.text(h, path)).get(k)
            )
        keys = sorted([*block["keys"], *KAFKA_OWN])
        yield Claim(f"{host}:{path}:no other key", note, keys, lambda s, h=host: sorted(properties(s.text(h, path))))


def kafka_storage(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """Folder, environment and id of the nodes' storage."""
    path = block["directory"]
    for host in block["hosts"]:
        yield Claim(f"{host}:{path}", (*place, "directory"), True, lambda s, h=host: s.exists(h, path))
        yield Claim(f"{host}:{path}:owner", (*place, "owner"), block["owner"], lambda s, h=host: s.owner(h, path))
        for key, value in block["environment"].items():
            entry = (*place, "environment", key)
            yield Claim(
                f"{host}:kafka:{key}",
                entry,
                value,
                lambda s, h=host, k=key: environment(s.text(h, service("kafka"))).get(k),
            )
        yield Claim(
            f"{host}:cluster id", (*place, "cluster_id"), block["cluster_id"], lambda s, h=host: s.cluster_id(h)
        )


def topic(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """The topic of web01's lines."""
    name = block["topic"]
    expected = {"partitions": 3, "replicas": 1}
    yield Claim(f"topic:{name}", (*place, "topic"), set(expected), lambda s: set(s.topic(name)))
    yield Claim(f"topic:{name}:numbers", (*place, "note"), expected, lambda s: s.topic(name))


def shell_exports(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """What a shell file exports, and what is run with it."""
    path = block["file"]
    for host in block["hosts"]:
        for key, value in block["exports"].items():
            entry = (*place, "exports", key)
            yield Claim(f"{host}:{path}:{key}", entry, value, lambda s, h=host, k=key: exports(s.text(h, path)).get(k))
        for index, command in enumerate(block.get("commands", [])):
            entry = (*place, "commands", index)
            yield Claim(f"{host}:{command}", entry, True, lambda s, h=host, c=command: c in s.submitted(h))
    if "note" in block:
        programs = [f"{PROJECT}/log_analysis/{name}" for name in ("job.py", "jobs/web01-log-analysis.sql")]
        for path_ in programs:
            yield Claim(f"hadoop04:{path_}", (*place, "note"), True, lambda s, p=path_: s.exists("hadoop04", p))


def flume_agent(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """The agent's configuration and its command."""
    path, prefix = block["file"], block["prefix"]
    for key, value in block["keys"].items():
        expected = str(value).lower() if isinstance(value, bool) else str(value)
        entry = (*place, "keys", key)
        yield Claim(
            f"web01:{path}:{key}", entry, expected, lambda s, k=key: properties(s.text("web01", path)).get(prefix + k)
        )
    yield Claim(
        f"web01:{path}:prefix",
        (*place, "prefix"),
        {prefix},
        lambda s: {key.split(".")[0] + "." for key in properties(s.text("web01", path))},
    )
    command = block["command"].replace("<file>", path)
    yield Claim(
        "web01:flume:command",
        (*place, "command"),
        f"{DOCUMENT['paths']['flume']}/bin/{command}",
        lambda s: " ".join(unit(s.text("web01", service("flume")))["ExecStart"][0].split()),
    )


def postgresql_settings(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """PostgreSQL's own files."""
    path = block["file"]
    if "owner" in block:
        yield Claim(
            f"db01:{path}:owner", (*place, "owner"), block["owner"], lambda s: s.owner("db01", localise(path, s))
        )
    for key, value in block.get("keys", {}).items():
        entry = (*place, "keys", key)
        yield Claim(
            f"db01:{path}:{key}", entry, value, lambda s, k=key: properties(s.text("db01", localise(path, s))).get(k)
        )
    if "line" in block:
        yield Claim(
            f"db01:{path}:line",
            (*place, "line"),
            True,
            lambda s: (
                localise(block["line"], s).split() in map(str.split, s.text("db01", localise(path, s)).splitlines())
            ),
        )
        yield Claim("db01:password_encryption", (*place, "note"), "scram-sha-256", lambda s: s.password_encryption())


def database(place: Place, block: dict[str, Any]) -> Iterator[Claim]:
    """The database, its user and the table."""
    name, table = block["database"], block["table"]

    def found(system: System) -> dict[str, Any]:
        return system.database(name)["tables"].get(table, {"columns": {}, "unique": {}})

    yield Claim(f"db01:{name}:user", (*place, "user"), block["user"], lambda s: s.database(name)["owner"])
    yield Claim(
        f"db01:{name}:password", (*place, "password"), block["password"], lambda s: s.database(name)["password"]
    )
    for column, kind in block["columns"].items():
        entry = (*place, "columns", column)
        yield Claim(f"db01:{table}:{column}", entry, kind, lambda s, c=column: found(s)["columns"].get(c))
    yield Claim(f"db01:{table}:columns", (*place, "table"), list(block["columns"]), lambda s: list(found(s)["columns"]))
    yield Claim(f"db01:{name}:tables", (*place, "database"), True, lambda s: table in s.database(name)["tables"])
    for key, columns in block["unique"].items():
        for index, column in enumerate(columns):
            entry = (*place, "unique", key, index)
            yield Claim(
                f"db01:{table}:{key}:{column}",
                entry,
                [column],
                lambda s, k=key, i=index: found(s)["unique"].get(k, [])[i : i + 1],
            )


#: Who makes the claims of a block of `config`, by the keys that such a block has.
BLOCKS: dict[tuple[str, ...], Callable[[Place, dict[str, Any]], Iterator[Claim]]] = {
    ("in_http_block",): nginx_conf,
    ("server",): nginx_site,
    ("file", "keys", "note"): kafka_properties,
    ("directory",): kafka_storage,
    ("topic",): topic,
    ("exports",): shell_exports,
    ("prefix",): flume_agent,
    ("file", "owner"): postgresql_settings,
    ("line",): postgresql_settings,
    ("table",): database,
}
