"""tools/: how the phases of the demo and of the tests run, with commands that do nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import suite
from phases import ROOT, MemoryMeter, Phase, Phases


def shell(name: str, *scripts: str, **environment: str) -> Phase:
    """Return a phase of shell scripts."""
    return Phase(name, [["sh", "-c", script] for script in scripts], environment)


def test_phases_run_in_order_from_the_project_s_root(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    phases = Phases("")
    phases.run([shell("one", f"pwd >>{log}", f"echo $WORD >>{log}", WORD="word"), shell("two", f"echo two >>{log}")])
    assert log.read_text().splitlines() == [str(ROOT), "word", "two"]
    assert capfd.readouterr().out == "\n======== one\n\n======== two\n"
    assert [line.split()[0] for line in phases.table().splitlines()] == ["one", "two", "together"]


def test_two_lanes_run_side_by_side_and_print_one_after_the_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Each waits for what the other one makes.
    Phases("").run(
        [shell("one", f"touch {tmp_path}/a; until [ -e {tmp_path}/b ]; do sleep 0.1; done; echo first")],
        [
            shell("two", f"echo second; until [ -e {tmp_path}/a ]; do sleep 0.1; done; touch {tmp_path}/b"),
            shell("three", "true"),
        ],
    )
    assert capfd.readouterr().out == "\n======== one\nfirst\n\n======== two\nsecond\n\n======== three\n"


@pytest.mark.parametrize("beside", [False, True])
def test_a_failure_ends_both_lanes_with_a_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], beside: bool
) -> None:
    log = tmp_path / "log"
    fails = [shell("bad", "echo reason", "exit 3", f"echo more >>{log}"), shell("next", f"echo next >>{log}")]
    waits = [shell("long", f"sleep 30 & wait; echo long >>{log}"), shell("later", f"echo later >>{log}")]
    started = time.monotonic()
    with pytest.raises(SystemExit, match=r"^lab: phase 'bad' failed after \d+ s\. The environment .* Try again\.$"):
        Phases("Try again.").run(*((waits, fails) if beside else (fails, waits)))
    assert time.monotonic() - started < 10
    assert not log.exists()
    assert "reason" in capfd.readouterr().out


def test_an_interrupt_ends_the_commands(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = f"echo $$ >{pid}.new; mv {pid}.new {pid}; exec sleep 600"
    # What runs in the background of a shell ignores an interrupt, and so does all that it starts.
    handler = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    script = f"{handler}; from phases import *; Phases('').run([Phase('p', [['sh', '-c', '{command}']])])"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT / "tools", stderr=subprocess.PIPE) as process:
        while not pid.exists() and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert errors.endswith(b"KeyboardInterrupt\n")
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_memory_is_measured() -> None:
    assert MemoryMeter().peak_gib >= 0


def test_every_scenario_is_in_one_of_the_lanes() -> None:
    own_hosts = {"default", "machines_libvirt"}  # not a role's, and that of `./lab test --vm`
    scenarios = {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")} - own_hosts
    listed = [scenario for lane in suite.SCENARIOS for scenario in lane]
    assert sorted(listed) == sorted(scenarios)
