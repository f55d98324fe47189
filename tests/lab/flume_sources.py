"""How many lines Flume's two sources miss or duplicate when the agent stops, the log rotates, the agent is killed.

    python tests/lab/flume_sources.py [--stop S] [--users N]

Tries each fault with each source, under load, on the lab's web host, and prints what the verification found. At the
end the lab's own source, exec, is restored.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from conftest import REPORTS, Lab
from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable

#: Load before and after the fault (s).
MARGIN = 10


def set_source(lab: Lab, source: str) -> None:
    """Switch the agent to a source, and wait until it has joined its consumer group, its last step."""
    lab.play("playbooks/flume.yml", "-e", f"flume_source={source}")
    joined = (
        "journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID flume) | grep -q 'partition 0 assigned'"
    )
    lab.run("web01", f"for second in $(seq 120); do {joined} && exit; sleep 1; done; exit 1")


def stop(lab: Lab, seconds: float) -> None:
    """Stop the agent for so many seconds."""
    lab.run("web01", f"systemctl stop flume && sleep {seconds} && systemctl start flume")


def rotate(lab: Lab) -> None:
    """Rotate nginx's logs now, as logrotate does every day."""
    lab.run("web01", "logrotate --force /etc/logrotate.d/nginx")


def measure(lab: Lab, act: Callable[[Lab], None], users: int, seconds: int) -> dict[str, Any]:
    """Act under a load that lasts `seconds` longer than its margins, and return the verification's report."""
    with lab.loading(users, f"{MARGIN + seconds + MARGIN}s"):
        time.sleep(MARGIN)
        act(lab)
    return lab.verify(verify_timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stop", type=int, default=300, help="how long the agent is stopped (s; default: 300)")
    parser.add_argument("--users", type=int, default=2, help="the load (default: 2)")
    parser.add_argument("--sources", nargs="*", default=["exec", "taildir"])
    parser.add_argument("--faults", nargs="*", default=["stop", "rotation", "kill"])
    arguments = parser.parse_args()
    acts = {
        "stop": (f"agent stopped for {arguments.stop} s", lambda lab: stop(lab, arguments.stop), arguments.stop),
        "rotation": ("log rotated", rotate, 0),
        "kill": ("agent killed (kill -9)", lambda lab: lab.kill("web01", "flume"), 15),
    }
    lab, rows = Lab(), []
    try:
        for source in arguments.sources:
            set_source(lab, source)
            for act in arguments.faults:
                label, does, seconds = acts[act]
                report = measure(lab, does, arguments.users, seconds)
                places = [
                    [stage[key] for key in ("name", "expected", "missing", "duplicate")] for stage in report["stages"]
                ]
                rows += [(source, label, *place) for place in places]
                print(tabulate(places), flush=True)
    finally:
        set_source(lab, "exec")
    headers = ("source", "fault", "place", "lines", "missing", "duplicate")
    print(tabulate(rows, headers))
    REPORTS.joinpath("flume-sources.json").write_text(json.dumps([dict(zip(headers, row)) for row in rows], indent=2))


if __name__ == "__main__":
    main()
