"""The standard tests: linters, tests without hosts, the roles' scenarios, the demo, and tests on its hosts.

usage: suite.py [ARGUMENT...], arguments of ansible-playbook for the demo's load test; or suite.py --vm, only the VMs.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from demo import ADVICE, demo_phases, play, result
from phases import ROOT, MemoryMeter, Phase, Phases, available_kib

# Two lanes of scenarios, each with hosts of its own. A scenario finds the hosts as the one before it leaves them. Both
# lanes follow the order of the data, so that less has to be prepared.
SCENARIOS = (
    ("base", "firewall", "venv", "postgresql", "nginx", "hadoop_client", "hdfs", "yarn", "flink_yarn", "verify"),
    ("release", "systemd_unit", "webapp", "loadtest", "kafka_kraft", "flume", "log_analysis"),
)
# Memory that both lanes take together; with less, the second one waits for the first.
TWO_LANES_GIB = 10


def bash_scripts() -> list[str]:
    """Return the paths of all scripts in bash, from the project's root."""
    found = []
    for directory, directories, names in os.walk(ROOT):
        directories[:] = set(directories) - {".ansible", ".git", ".venv"}
        for path in (Path(directory, name) for name in names):
            if not path.is_file():
                continue
            with path.open("rb") as file:
                if file.readline() == b"#!/usr/bin/env bash\n":
                    found.append(str(path.relative_to(ROOT)))
    return found


def lint() -> Phase:
    """Return the phase of all linters."""
    linters = [
        "ansible-lint --offline",
        "yamllint --strict .",
        "ruff check",
        "ruff format --check",
        "pytest -q tests/test_words.py",
    ]
    return Phase("lint", [*(linter.split() for linter in linters), ["shellcheck", *bash_scripts()]])


def molecule(lane: int, *arguments: str) -> Phase:
    """Return a phase that runs Molecule on the hosts of one lane.

    Without a directory given, Molecule remembers the hosts it created by the name of the checkout's directory.
    """
    environment = {
        "MOLECULE_LANE": str(lane),  # inventory/molecule names the hosts' network by it
        "MOLECULE_EPHEMERAL_DIRECTORY": str(ROOT / ".ansible" / f"molecule-{lane}"),
    }
    return Phase(
        f"roles {lane}", [["molecule", "destroy"], *([["molecule", *arguments]] if arguments else [])], environment
    )


def roles(lane: int) -> Phase:
    """Return the phase of one lane's scenarios. An aborted run may have left its hosts: they are removed first."""
    return molecule(lane, "test", *(f"--scenario-name={scenario}" for scenario in SCENARIOS[lane - 1]))


def run_all(*arguments: str) -> None:
    """Run the standard tests; the arguments are those of ansible-playbook for the demo's load test."""
    phases = Phases(ADVICE)
    unit = Phase("unit", [["pytest", "--numprocesses=2", "--dist=loadfile", "tests"]])
    check = Phase("check mode", [play("site.yml", "--check", "--diff")])
    # Both lanes, and check mode on clean hosts, need the filled cache.
    artifacts = Phase("artifacts", [play("playbooks/artifacts.yml")])
    phases.run([artifacts], [lint()])
    first = [roles(1)]
    second = [unit, Phase("up", [play("playbooks/provision.yml")]), check, roles(2)]
    try:
        if available_kib() >= TWO_LANES_GIB * 2**20:
            phases.run(first, second)
        else:
            phases.run([*second, *first])
    except BaseException:
        # Molecule removes the hosts of a scenario that fails, but not those of a scenario that is ended.
        with suppress(SystemExit):
            Phases("").run([molecule(1)], [molecule(2)])
        raise
    memory = MemoryMeter()
    phases.run(demo_phases(*arguments))
    sys.stdout.write(result(phases, memory))
    phases.run([Phase("lab", [["pytest", "--exitfirst", "tests/lab"]])])
    sys.stdout.write(f"\n{phases.table()}\n")


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["--vm"]:
        phases = Phases("Remove the VMs with molecule destroy -s machines_libvirt.")
        phases.run([Phase("vms", [["molecule", "test", "--scenario-name=machines_libvirt"]])])
        sys.stdout.write(f"\n{phases.table()}\n")
    else:
        run_all(*sys.argv[1:])


if __name__ == "__main__":
    main()
