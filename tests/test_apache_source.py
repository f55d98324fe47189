"""A release from a mirror reaches the controller's cache if the publisher or a pin vouches for it, and not otherwise.

The role runs as it is, on this machine, against a web server with tiny releases in the layout of Apache's site. What
happens is in CASES; each has a cache and a mirror of its own.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import re
import subprocess
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
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


def release(files: dict[str, str]) -> bytes:
    """Return a release's archive with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{NAME.removesuffix('.tgz')}/{path}")
            member.size, member.mode = len(text), 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


RELEASE = release(TREE)
FORGED = release(TREE | {"bin/kafka-topics.sh": "#!/bin/sh\nevil\n"})
SHA512 = hashlib.sha512(RELEASE).hexdigest()
GROUPS = re.findall("." * 8, SHA512.upper())

#: How the publishers write it: sha512sum, shasum --tag and `gpg --print-md SHA512`.
FORMATS = {
    "gnu": f"{SHA512}  {NAME}\n",
    "binary": f"{SHA512} *{NAME}\n",
    "path": f"{SHA512}  ./target/{NAME}\n",
    "bsd": f"SHA512 ({NAME}) = {SHA512}\n",
    "gpg": "\n   ".join([f"{NAME}:", *(" ".join(GROUPS[start : start + 4]) for start in range(0, 16, 4))]) + "\n",
    "bare": f"{SHA512}\n",
}
NOT_ONE = {
    "another file": f"{SHA512}  kafka_2.12-3.4.0.tgz\n",
    "another file, bsd": f"SHA512 (x{NAME}) = {SHA512}\n",
    "a longer name": f"{SHA512}  {NAME}.asc\n",
    "cut off": f"{SHA512[:127]}  {NAME}\n",
    "SHA-256": f"{hashlib.sha256(RELEASE).hexdigest()}  {NAME}\n",
    "a page": f"<html>{SHA512}  {NAME}</html>\n",
    "two": f"{SHA512}  {NAME}\n{SHA512}  {NAME}\n",
    "empty": "",
}


@dataclass(frozen=True)
class Case:
    """What a mirror serves, what the site with the checksums serves, what the operator pins, and what comes of it."""

    archive: bytes = RELEASE
    checksum: str | None = FORMATS["gpg"]
    checksums_site: str = ""
    pin: str = ""
    refused: str = ""


CASES = {
    "good": Case(),
    "pinned": Case(checksum=None, pin="sha256:" + hashlib.sha256(RELEASE).hexdigest()),
    "pinned-otherwise": Case(pin="sha512:" + "0" * 128, refused="did not match 000"),
    "truncated": Case(refused="could not be had"),
    "unpublished": Case(checksum=None, refused="404"),
    "misnamed": Case(checksum=NOT_ONE["another file"], refused=f"no SHA-512 of {NAME}"),
    # What a mirror says of itself is worth nothing.
    "corrupted": Case(
        archive=FORGED,
        checksum=FORMATS["gnu"].replace(SHA512, hashlib.sha512(FORGED).hexdigest()),
        checksums_site="good",
        refused="did not match",
    ),
}


class Mirror(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; of what is below /truncated/, archives end in the middle."""

    def log_message(self, *_: Any) -> None:
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        whole = source.read()
        cut = self.path.startswith("/truncated/") and self.path.endswith(".tgz")
        outputfile.write(whole[: len(whole) // 2] if cut else whole)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server with a mirror for each case."""
    folder = tmp_path_factory.mktemp("site")
    for name, case in CASES.items():
        file = folder / name / PATH
        file.parent.mkdir(parents=True)
        file.write_bytes(case.archive)
        if case.checksum is not None:
            file.with_name(f"{NAME}.sha512").write_text(case.checksum)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Mirror, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Controller:
    """A controller with a cache of its own."""

    folder: Path

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def packed(self) -> Path:
        return self.cache / "kafka-3.4.0-apache.tar"

    def run(self, task: dict[str, Any], **play: Any) -> subprocess.CompletedProcess[str]:
        """Run one task on this machine."""
        playbook = self.folder / "play.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]} | play]))
        command = ["ansible-playbook", "--inventory", "controller,", "--connection", "local", str(playbook)]
        environment = os.environ | {"ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_PROXY": "*", "no_proxy": "*"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def fetch(self, mirror: str, checksums: str, pin: str = "") -> subprocess.CompletedProcess[str]:
        """Have Kafka in the cache."""
        own = self.folder / "recipes/kafka/tree/config/log4j.properties"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text("ours\n")
        role = {"name": "archive", "tasks_from": "cache"}
        inputs = {
            "archive_name": "kafka",
            "archive_version": "3.4.0",
            "archive_source": "apache",
            "archive_recipes": str(self.folder / "recipes"),
            "archive_cache": str(self.cache),
            "archive_apache_mirror": mirror,
            "archive_apache_checksums": checksums,
            "archive_apache_pins": {NAME: pin} if pin else {},
        }
        return self.run({"name": "Fetch", "ansible.builtin.include_role": role, "vars": inputs})

    def left(self) -> set[str]:
        """What is in the cache, the releases and their checksums among it."""
        return {str(path.relative_to(self.cache)) for path in self.cache.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def controllers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Controller]:
    return {name: Controller(tmp_path_factory.mktemp("controller")) for name in CASES}


@pytest.fixture(scope="module")
def outcomes(site: str, controllers: dict[str, Controller]) -> dict[str, subprocess.CompletedProcess[str]]:
    """Each case's run. Most of their time they wait before they try again."""

    def fetch(name: str) -> subprocess.CompletedProcess[str]:
        case = CASES[name]
        return controllers[name].fetch(f"{site}/{name}", f"{site}/{case.checksums_site or name}", case.pin)

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(CASES, pool.map(fetch, CASES)))


def of_cases(*, refused: bool) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name, case in CASES.items() if bool(case.refused) is refused])


@of_cases(refused=False)
def test_what_is_vouched_for_is_packed(
    name: str, controllers: dict[str, Controller], outcomes: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    assert outcomes[name].returncode == 0, outcomes[name].stdout
    with tarfile.open(controllers[name].packed) as tar:
        files = {member.name: member for member in tar.getmembers() if member.isfile()}
        assert set(files) == {f"kafka-3.4.0/{path}" for path in TREE}
        assert files["kafka-3.4.0/bin/kafka-topics.sh"].mode & 0o111
        own = tar.extractfile("kafka-3.4.0/config/log4j.properties")
        assert own is not None
        assert own.read() == b"ours\n"


@of_cases(refused=True)
def test_what_is_not_is_refused_by_name_and_leaves_nothing(
    name: str, controllers: dict[str, Controller], outcomes: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    said = " ".join(outcomes[name].stdout.split())
    assert outcomes[name].returncode != 0
    assert CASES[name].refused in said
    assert NAME in said
    assert "artifacts_apache_" in said
    assert controllers[name].left() <= {f"apache/{NAME}.sha512"}


@pytest.mark.usefixtures("outcomes")
def test_the_next_run_mends_it(site: str, controllers: dict[str, Controller]) -> None:
    run = controllers["truncated"].fetch(f"{site}/good", f"{site}/good")
    assert run.returncode == 0, run.stdout
    assert controllers["truncated"].packed.exists()


@pytest.mark.usefixtures("outcomes")
def test_a_full_cache_needs_no_network_and_mends_itself(controllers: dict[str, Controller]) -> None:
    controller, nowhere = controllers["good"], "http://127.0.0.1:9"
    before = controller.packed.read_bytes()

    untouched = controller.fetch(nowhere, nowhere)
    controller.packed.write_bytes(before[:-1] + b"x")
    mended = controller.fetch(nowhere, nowhere)

    assert untouched.returncode == 0, untouched.stdout
    assert "changed=0" in untouched.stdout
    assert mended.returncode == 0, mended.stdout
    assert controller.packed.read_bytes() == before


@pytest.mark.usefixtures("outcomes")
def test_a_release_that_was_spoiled_in_the_cache_is_refused(controllers: dict[str, Controller]) -> None:
    controller, nowhere = controllers["pinned"], "http://127.0.0.1:9"
    controller.packed.unlink()
    (controller.cache / "apache" / NAME).write_bytes(FORGED)

    run = controller.fetch(nowhere, nowhere, CASES["pinned"].pin)

    assert run.returncode != 0
    assert NAME in run.stdout
    assert not controller.packed.exists()
    assert not (controller.cache / "apache" / NAME).exists()


def test_each_publisher_s_format_is_read_and_nothing_else(tmp_path: Path) -> None:
    texts = FORMATS | NOT_ONE
    copy = {"content": "{{ __archive_published }}", "dest": f"{tmp_path}/{{{{ item.key }}}}", "mode": "0644"}
    inputs = {"archive_name": "kafka", "archive_version": "3.4.0", "archive_cache": str(tmp_path)}
    task = {
        "name": "Read them",
        "ansible.builtin.copy": copy,
        "loop": "{{ texts | dict2items }}",
        "delegate_to": "localhost",
        "vars": inputs | {"texts": texts, "__archive_published_text": "{{ item.value }}"},
    }

    run = Controller(tmp_path).run(task, vars_files=[str(PROJECT / "roles/archive/vars/main.yml")])

    assert run.returncode == 0, run.stdout
    read = {name: (tmp_path / name).read_text() for name in texts}
    assert read == {name: SHA512 if name in FORMATS else "" for name in texts}
