"""A release from a mirror reaches the control node's cache if the publisher or a pin vouches for it, and not otherwise.

The role runs as it is, on this machine, against a web server with tiny releases in the layout of Apache's site. What
happens is in CASES; each has a cache and a mirror of its own. The formats of checksum files: test_filters_checksums.py.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[1]
NAME = "kafka_2.13-3.4.0.tgz"
PATH = f"kafka/3.4.0/{NAME}"
TREE = {"bin/kafka-topics.sh": "#!/bin/sh\n", "config/log4j.properties": "the release's\n"}
#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


def release(files: dict[str, str]) -> bytes:
    """Return a release with these files, as Apache packs it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{NAME.removesuffix('.tgz')}/{path}")
            member.size, member.mode = len(text), 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def sha512(content: bytes, name: str = NAME) -> str:
    """Return the checksum file of `content`."""
    return f"{hashlib.sha512(content).hexdigest()}  {name}\n"


RELEASE = release(TREE)
FORGED = release(TREE | {"bin/kafka-topics.sh": "#!/bin/sh\nevil\n"})


@dataclass(frozen=True)
class Case:
    """What a mirror serves, what the site with the checksums serves, what the operator pins, and what the role says."""

    archive: bytes = RELEASE
    checksum: str | None = sha512(RELEASE)
    checksums_site: str = ""
    pin: str = ""
    refused: str = ""


CASES = {
    "good": Case(),
    "pinned": Case(checksum=None, pin="sha256:" + hashlib.sha256(RELEASE).hexdigest()),
    "pinned-otherwise": Case(pin="sha512:" + "0" * 128, refused="did not match 000"),
    "truncated": Case(refused="Download error"),
    "unpublished": Case(checksum=None, refused="404"),
    "misnamed": Case(checksum=sha512(RELEASE, "kafka_2.12-3.4.0.tgz"), refused=f"no SHA-512 of {NAME}"),
    # What a mirror says of itself is worth nothing.
    "corrupted": Case(archive=FORGED, checksum=sha512(FORGED), checksums_site="good", refused="did not match"),
}
GOOD = [name for name, case in CASES.items() if not case.refused]
REFUSED = [name for name, case in CASES.items() if case.refused]


class Mirror(http.server.SimpleHTTPRequestHandler):
    """Serves a directory; of what is below /truncated/, releases end in the middle."""

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file."""
        whole = source.read()
        cut = self.path.startswith("/truncated/") and self.path.endswith(".tgz")
        outputfile.write(whole[: len(whole) // 2] if cut else whole)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server with a mirror for each case."""
    directory = tmp_path_factory.mktemp("site")
    for name, case in CASES.items():
        file = directory / name / PATH
        file.parent.mkdir(parents=True)
        file.write_bytes(case.archive)
        if case.checksum is not None:
            file.with_name(f"{NAME}.sha512").write_text(case.checksum)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Mirror, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(directory: Path, inputs: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Run the role once for each case's inputs; return why each was refused, "" if it was not."""
    own = directory / "manifests/kafka/tree/config/log4j.properties"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("ours\n")
    (directory / "manifests/kafka/apache.yml").write_text("path: kafka/{version}/kafka_2.13-{version}.tgz\n")
    common = {
        "artifact_cache_name": "kafka",
        "artifact_cache_version": "3.4.0",
        "artifact_cache_source": "apache",
        "artifact_cache_manifests": str(directory / "manifests"),
    }
    outcome = "{{ outcomes | default({}) | combine({name: ansible_failed_result.msg | default('')}) }}"
    tasks: list[dict[str, Any]] = [
        {
            "vars": common | given | {"name": name, "artifact_cache_directory": str(directory / name)},
            "block": [{"ansible.builtin.include_role": {"name": "artifact_cache"}}],
            "rescue": [{"ansible.builtin.set_fact": {"outcomes": outcome}}],
        }
        for name, given in inputs.items()
    ]
    report = {
        "content": "{{ outcomes | default({}) | to_json }}",
        "dest": str(directory / "outcomes.json"),
        "mode": "0644",
    }
    tasks.append({"ansible.builtin.copy": report, "delegate_to": "localhost"})
    playbook = directory / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    command = ["ansible-playbook", "--inventory", "host,", "--connection", "local", str(playbook)]
    command += ["--extra-vars", "__artifact_cache_delay=0"]
    environment = os.environ | {"ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_PROXY": "*", "no_proxy": "*"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    outcomes = json.loads((directory / "outcomes.json").read_text())
    return {name: " ".join(outcomes.get(name, "").split()) for name in inputs}


def files(cache: Path) -> set[str]:
    """Return what is in a cache."""
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with each case's cache."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(scope="module")
def outcomes(site: str, caches: Path) -> dict[str, str]:
    """Why each case was refused."""
    inputs = {
        name: {
            "artifact_cache_apache_mirror": f"{site}/{name}",
            "artifact_cache_apache_checksums": f"{site}/{case.checksums_site or name}",
            "artifact_cache_apache_pins": {NAME: case.pin} if case.pin else {},
        }
        for name, case in CASES.items()
    }
    return fetch(caches, inputs)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_vouched_for_is_packed(name: str, caches: Path, outcomes: dict[str, str]) -> None:
    assert not outcomes[name]
    with tarfile.open(caches / name / "kafka-3.4.0-apache.tar") as tar:
        members = {member.name: member for member in tar.getmembers() if member.isfile()}
        assert set(members) == {f"kafka-3.4.0/{path}" for path in TREE}
        assert members["kafka-3.4.0/bin/kafka-topics.sh"].mode & 0o111
        own = tar.extractfile("kafka-3.4.0/config/log4j.properties")
        assert own is not None
        assert own.read() == b"ours\n"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_is_refused_by_name_and_leaves_nothing(name: str, caches: Path, outcomes: dict[str, str]) -> None:
    assert CASES[name].refused in outcomes[name]
    assert NAME in outcomes[name]
    assert "artifacts_apache_" in outcomes[name]
    assert files(caches / name) <= {f"apache/{NAME}.sha512"}


@pytest.mark.usefixtures("outcomes")
def test_the_next_run_repairs_a_cache_and_needs_no_network_for_what_it_has(site: str, caches: Path) -> None:
    packed = caches / "good/kafka-3.4.0-apache.tar"
    before = packed.read_bytes()
    packed.write_bytes(before[:-1] + b"x")
    (caches / "pinned/kafka-3.4.0-apache.tar").unlink()
    (caches / "pinned/apache" / NAME).write_bytes(FORGED)
    offline = {"artifact_cache_apache_mirror": NOWHERE, "artifact_cache_apache_checksums": NOWHERE}
    online = {"artifact_cache_apache_mirror": f"{site}/good", "artifact_cache_apache_checksums": f"{site}/good"}

    outcomes = fetch(
        caches,
        {
            "good": offline,
            "truncated": online,
            "pinned": offline | {"artifact_cache_apache_pins": {NAME: CASES["pinned"].pin}},
        },
    )

    assert not outcomes["good"]
    assert packed.read_bytes() == before
    assert not outcomes["truncated"]
    assert (caches / "truncated/kafka-3.4.0-apache.tar").read_bytes() == before
    # A release that was changed in the cache is refused and removed.
    assert NAME in outcomes["pinned"]
    assert not {"kafka-3.4.0-apache.tar", f"apache/{NAME}"} & files(caches / "pinned")
