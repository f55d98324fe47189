"""The claims of document.yml: one or more for each of its entries."""

from __future__ import annotations

import argparse
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from claims_config import config_claims
from document import DOCUMENT, PACKAGED, PACKAGES, PROJECT, SENTENCE, UNITS, WORDS, Claim, service
from formats import environment, inside, nginx, path_of, unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from document import Place, System


def host_claims() -> Iterator[Claim]:
    """Address and services of each host."""
    for host, facts in DOCUMENT["hosts"].items():
        place: Place = ("hosts", host)
        if "ip" in facts:
            yield Claim(f"{host}:ip", (*place, "ip"), facts["ip"], lambda s, h=host: s.address(h))
        for index, name in enumerate(facts["runs"]):
            entry = (*place, "runs", index)
            if name in UNITS:
                yield Claim(f"{host}:runs:{name}", entry, True, lambda s, h=host, u=UNITS[name]: s.runs(h, u))
                if name not in PACKAGES:
                    path = service(UNITS[name])
                    user = Claim(
                        f"{host}:{name}:user", entry, ["hadoop"], lambda s, h=host, p=path: unit(s.text(h, p))["User"]
                    )
                    yield user
            else:
                folder = {"hadoop_client": "/usr/local/hadoop", "locust": f"{PROJECT}/loadtest/.venv"}[name]
                yield Claim(f"{host}:has:{name}", entry, True, lambda s, h=host, f=folder: s.link(h, f) != "")
        others = [name for name in UNITS if name not in facts["runs"]]
        yield Claim(
            f"{host}:runs:nothing else",
            (*place, "runs", 0),
            [],
            lambda s, h=host, others=others: [name for name in others if s.runs(h, UNITS[name])],
        )


def version_claims() -> Iterator[Claim]:
    """What is installed in which version; what the distribution packages, in the distribution's."""
    for product, version in DOCUMENT["versions"].items():
        entry = ("versions", product)
        if product in PACKAGED["Ubuntu 22.04"]:
            own = str(version).startswith(str(PACKAGED["Ubuntu 22.04"][product]))
            yield Claim(f"version:{product}:Ubuntu 22.04", entry, True, lambda _, own=own: own)
            yield Claim(
                f"version:{product}",
                entry,
                True,
                lambda s, p=product: (
                    re.match(rf"{re.escape(str(PACKAGED[s.distribution][p]))}\b", s.version(p)) is not None
                ),
            )
        else:
            yield Claim(f"version:{product}", entry, version, lambda s, p=product: s.version(p))


def path_claims() -> Iterator[Claim]:
    """Where things are, and what PATH names."""
    having = {
        "kafka": ["hadoop02", "hadoop03", "hadoop04"],
        "hadoop": ["web01", "hadoop01", "hadoop02", "hadoop03", "hadoop04"],
        "flume": ["web01"],
        "flink": ["hadoop04"],
    }
    for product, path in DOCUMENT["paths"].items():
        entry = ("paths", product)
        if product == "project":
            yield Claim("path:project", entry, True, lambda s, p=path: s.exists("web01", f"{p}/webapp/main.py"))
            continue
        for host in having.get(product, []):
            target = f"{path}-{DOCUMENT['versions'][product]}"
            yield Claim(f"{host}:path:{product}", entry, target, lambda s, h=host, p=path: s.link(h, p))
            # The case study calls flink by its folder.
            if product != "flink":
                yield Claim(
                    f"{host}:PATH:{product}",
                    entry,
                    True,
                    lambda s, h=host, p=f"{path}/bin": p in path_of(s.text(h, "/etc/environment")),
                )


def webapp_claims() -> Iterator[Claim]:
    """What the web application answers, and how it runs."""
    block = DOCUMENT["webapp"]
    told = f'POST / with {{"raw": "{SENTENCE}"}} answers the words of the sentence'
    yield Claim(
        "webapp:route", ("webapp", "route"), block["route"], lambda s: told if s.words(SENTENCE) == WORDS else ""
    )

    def runs(system: System) -> str:
        webapp = system.text("web01", service("webapp"))
        server = inside(nginx(system.text("web01", "/etc/nginx/conf.d/comprehensive-case-webapp.conf")), "server")
        listen = [one[1] for one in server if one[0] == "listen"]
        upstream = [one[1] for one in inside(server, "location", "/") if one[0] == "proxy_pass"]
        bind = environment(webapp)["WEBAPP_BIND"]
        assert unit(webapp)["WorkingDirectory"] == [f"{PROJECT}/webapp"], "webapp:runs: in another folder"
        assert upstream == [f"http://{bind}"], f"webapp:runs: nginx asks {upstream}, but it listens on {bind}"
        command = unit(webapp)["ExecStart"][0].removeprefix(f"{PROJECT}/webapp/.venv/bin/")
        return f"{command}, on {bind}, behind nginx on port {' '.join(listen)}"

    yield Claim("webapp:runs", ("webapp", "runs"), block["runs"], runs)


def loadtest_claims() -> Iterator[Claim]:
    """What a user of the load test does, and the command."""
    block = DOCUMENT["loadtest"]
    path = f"{PROJECT}/{block['file']}"
    yield Claim("loadtest:file", ("loadtest", "file"), True, lambda s: s.exists("web01", path))

    def user(system: System) -> str:
        least, most, drawn = system.load()
        lines = "a line drawn at random from webapp/data/sentences.txt" if drawn else "something else"
        return f"draw num from {least}..{most}, then send num times {lines}"

    yield Claim("loadtest:user", ("loadtest", "user"), block["user"], user)
    command = options(block["command"].split())
    yield Claim("loadtest:command", ("loadtest", "command"), command, lambda s: options(s.locust()))


def options(command: list[str]) -> dict[str, str]:
    """Return those options of Locust's command that the case study gives, its locustfile's path made plain."""
    parser = argparse.ArgumentParser()
    for flag in ("--headless", "--only-summary"):
        parser.add_argument(flag, action="store_true")
    for option in ("--host", "--users", "--spawn-rate", "--run-time", "--locustfile"):
        parser.add_argument(option)
    found = vars(parser.parse_known_args(command)[0])
    return found | {"locustfile": str(PurePosixPath(found["locustfile"]))}


CLAIMS = [
    *host_claims(),
    *version_claims(),
    *path_claims(),
    *config_claims(),
    *webapp_claims(),
    *loadtest_claims(),
]
