"""Create a virtual environment with exactly what a lock file says, for the Python that runs this.

Several runs may do so at the same time: the first creates it, the others wait and find it complete.
"""

from __future__ import annotations

import argparse
import fcntl
import subprocess
import sys
import venv
from pathlib import Path


def main() -> None:
    """Create the environment, unless it is complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, required=True, help="pinned and hashed packages, pip among them")
    parser.add_argument("environment", type=Path, help="its directory; a file `complete` says that it is complete")
    arguments = parser.parse_args()
    environment, complete = arguments.environment, arguments.environment / "complete"
    environment.parent.mkdir(parents=True, exist_ok=True)
    with environment.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists():
            return
        venv.create(environment, clear=True, with_pip=True)
        options = ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        pip = [environment / "bin/python", "-m", "pip", "install", *options, "--requirement", arguments.lock]
        if status := subprocess.run(pip, check=False).returncode:
            sys.exit(f"{arguments.lock}: pip failed with status {status}, see above. No host was changed.")
        complete.touch()


if __name__ == "__main__":
    main()
