"""What each service can do: the exposure of every unit that a run writes, as systemd itself rates it; no host."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from formats import unit
from rendering import DEBIAN, ROOT, Deployment

UNITS = "/etc/systemd/system/"
#: The most that `systemd-analyze security` may rate a unit, of 10; those of the distribution change users themselves.
MOST = 2.5
PACKAGED = {"nginx.service": 3.0, "postgresql@.service": 3.0}
#: What systemd does not start a service without, where it may not make mounts; or what no JVM runs with.
FATAL = {"DynamicUser", "PrivateUsers", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem", "LoadCredential"}
NOT_IN_A_JVM = {"MemoryDenyWriteExecute", "ProcSubset", "PrivateNetwork"}


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """Return what a run does to the hosts of an inventory."""
    return Deployment(ROOT / "inventory/vms", DEBIAN, ["site.yml"])


@pytest.fixture(scope="module")
def services(deployment: Deployment) -> dict[str, str]:
    """Return the text of each service's unit, and of the drop-ins to the distribution's, by unit."""
    found: dict[str, dict[str, str]] = {}
    for host in deployment.hosts:
        for path, file in sorted(deployment.files(host).items()):
            name = path.removeprefix(UNITS).split("/")[0].removesuffix(".d")
            if path.startswith(UNITS) and name.endswith(".service"):
                found.setdefault(name, {})[path] = file.text
    return {name: "\n".join(texts.values()) for name, texts in found.items()}


def exposure(name: str, text: str, directory: Path) -> float:
    """Return how systemd rates a unit, from 0 to 10."""
    path = directory / name.replace("@.", "@x.")
    given = "" if "ExecStart=" in text else "[Service]\nExecStart=/bin/true\n"
    path.write_text(f"{given}{text}")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "ignoring" not in done.stderr, done.stderr
    return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)[1])


def test_every_service_is_confined(services: dict[str, str], tmp_path: Path) -> None:
    rated = {name: exposure(name, text, tmp_path) for name, text in services.items()}
    assert len(rated) >= 14
    assert {name: rate for name, rate in rated.items() if rate > PACKAGED.get(name, MOST)} == {}


def test_no_service_gains_privileges(services: dict[str, str]) -> None:
    assert [name for name, text in services.items() if unit(text).get("NoNewPrivileges") != ["true"]] == []


def test_no_directive_keeps_a_service_from_starting(services: dict[str, str]) -> None:
    for name, text in services.items():
        directives = unit(text)
        assert not FATAL & set(directives), name
        if "java" in text.lower():
            assert not NOT_IN_A_JVM & set(directives), name


def test_an_operator_s_drop_in_is_read_last(deployment: Deployment) -> None:
    """`systemctl edit` writes override.conf; systemd reads drop-ins in the order of their names."""
    hardening = [
        path
        for host in deployment.hosts
        for path, file in deployment.files(host).items()
        if path.startswith(UNITS) and ".d/" in path and "NoNewPrivileges" in file.text
    ]
    assert {Path(path).name for path in hardening} == {"hardening.conf"}
    assert "hardening.conf" < "override.conf"
