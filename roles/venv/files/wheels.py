"""Make a tarball of the wheels that a lock file names, for another Python than this one.

Fetches by pip and builds, by pip too, what PyPI has as source only. The tarball holds
the wheels and requirements.txt, which pins each of them by the hash of the wheel itself.
Prints "changed" when it had to make one. Needs pip, packaging, setuptools and wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

# What the oldest system that we install on (glibc 2.31) can load.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(31, 4, -1)] + [
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
]


def lock_for(lock: str, python: str) -> str:
    """Return the lines of `lock` that hold for `python` ("3.9") on Linux, without their markers.

    pip itself evaluates markers for the Python that it runs on.
    """
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
    lines = [line.split(" #")[0] for line in lock.splitlines() if not line.lstrip().startswith("#")]
    kept = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        head, *hashes = line.split(" --hash=")
        if not head.strip():
            continue
        requirement = Requirement(head.strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            requirement.marker = None
            kept.append(" --hash=".join([str(requirement), *(value.strip() for value in hashes)]))
    return "\n".join(kept) + "\n"


def pip(*arguments: str | Path) -> None:
    """Run pip; raises CalledProcessError after pip has said on stderr what is wrong."""
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make(lock: Path, python: str, tarball: Path) -> None:
    """Fetch and build what `lock` says for `python` and write `tarball` and its checksum."""
    with tempfile.TemporaryDirectory(dir=tarball.parent, prefix=".wheels-") as name:
        directory = Path(name)
        requirements = directory / "requirements.txt"
        requirements.write_text(lock_for(lock.read_text(), python))
        common = ["--quiet", "--no-cache-dir", "--no-deps", "--no-build-isolation"]
        target = [f"--python-version={python}", "--implementation=cp", *(f"--platform={name}" for name in PLATFORMS)]
        locked = ["--prefer-binary", "--require-hashes", "--requirement", requirements]
        pip("download", *common, *target, *locked, "--dest", directory)
        for source in [file for file in directory.iterdir() if file.suffix in (".gz", ".zip", ".bz2")]:
            pip("wheel", *common, "--no-index", "--wheel-dir", directory, source)
            source.unlink()
        wheels = sorted(directory.glob("*.whl"))
        pins = []
        for wheel in wheels:
            project, version, _, tags = parse_wheel_filename(wheel.name)
            if any(tag.platform.startswith("linux_") for tag in tags):
                sys.exit(
                    f"{lock}: {project} {version} has no wheel for Python {python} and is no pure Python either: "
                    "it cannot be built here. Pin a version that has one."
                )
            pins.append(f"{project}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
        requirements.write_text("".join(pins))
        packed = directory / "packed"
        with tarfile.open(packed, "w") as tar:
            for file in [requirements, *wheels]:
                tar.add(file, arcname=file.name)
        packed.replace(tarball)
    checksum(tarball).write_text(line(tarball))


def checksum(tarball: Path) -> Path:
    """Return the file beside `tarball` that has its SHA-256."""
    return tarball.with_suffix(".sha256")


def line(tarball: Path) -> str:
    """Return the SHA-256 of `tarball` as sha256sum writes it."""
    with tarball.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {tarball.name}\n"


def main() -> None:
    """Make the tarball, unless it is there and complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--python", required=True, help="major.minor of the Python that installs them")
    parser.add_argument("--tarball", type=Path, required=True)
    arguments = parser.parse_args()
    sums = checksum(arguments.tarball)
    if sums.exists() and arguments.tarball.exists() and sums.read_text() == line(arguments.tarball):
        return
    try:
        make(arguments.lock, arguments.python, arguments.tarball)
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"{arguments.lock}: pip failed with status {error.returncode}, see above. No host was changed. Run again; "
            "if a hash stays another one, the registry serves another file than the one that was pinned."
        )
    sys.stdout.write("changed\n")


if __name__ == "__main__":
    main()
