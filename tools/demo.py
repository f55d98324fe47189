"""The demo: six hosts from nothing, the whole system, a short load test, and the verification of its result."""

from __future__ import annotations

import sys

from phases import ROOT, MemoryMeter, Phase, Phases

REPORTS = ROOT / "reports"
ADVICE = "Retry with ./lab demo, or clean up with ./lab down."


def play(playbook: str, *arguments: str) -> list[str]:
    """Return the command that runs a playbook on the lab's hosts."""
    return ["ansible-playbook", "--inventory=inventory/lab", playbook, *arguments]


def demo_phases(*arguments: str) -> list[Phase]:
    """Return the phases of the demo; the arguments are those of ansible-playbook for the load test."""
    return [
        # The cache is filled in the background from the very beginning.
        Phase("up", [play("playbooks/fetch.yml"), play("playbooks/provision.yml")]),
        Phase("site", [play("site.yml")]),
        Phase("loadtest", [play("loadtest.yml", "-e", "loadtest_run_time=60s", *arguments)]),
        Phase("verify", [play("playbooks/verify.yml")]),
        Phase("status", [play("playbooks/status.yml")]),
    ]


def result(phases: Phases, memory: MemoryMeter) -> str:
    """Return the final screen: the verification, what runs where, and what it took."""
    reports = [*sorted(REPORTS.glob("verify-*.txt")), REPORTS / "status.txt"]
    texts = "".join(report.read_text() for report in reports)
    taken = f"{'memory':<12} {memory.peak_gib:.1f} GiB at most"
    return f"\n========\n{texts}\ntime by phase\n{phases.table()}\n{taken}\n"


def main() -> None:
    """Run the demo."""
    memory, phases = MemoryMeter(), Phases(ADVICE)
    phases.run(demo_phases(*sys.argv[1:]))
    sys.stdout.write(result(phases, memory))


if __name__ == "__main__":
    main()
