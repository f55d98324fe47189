"""All benchmarks, or those that are named: python -m bench [service] [analysis].

`service` runs anywhere; `analysis` needs the deployed lab (`./lab demo`). Each program of bench/ has --help.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PARTS = ("service", "analysis")


def main() -> None:
    """Run each part as a program of its own, and go on where one fails."""
    parts = sys.argv[1:] or PARTS
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"{', '.join(sorted(unknown))}: no benchmark of this name, only {', '.join(PARTS)}\n\n{__doc__}")
    failed = []
    for part in parts:
        print(f"\n{part}\n", flush=True)
        if subprocess.run([sys.executable, Path(__file__).with_name(f"{part}.py")], check=False).returncode:
            failed.append(part)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
