"""What a product is made of, and whether fetched files are what somebody vouches for."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Directories of our own files: laid over the tree that was fetched from this source, or from any ("tree").
LAYERS = ("registry", "apache", "tree")
#: Raised when the same manifest is put together in another way than before.
FORMAT = "1"


def published_sha512(text: str, name: str) -> str:
    """Return the SHA-512 in a publisher's checksum file, "" if it has none of the file `name`.

    Publishers write `<hex>  <file>` (sha512sum), `SHA512 (<file>) = <hex>` (shasum --tag), `<hex>` alone, or
    `<file>: <hex>` in groups over several lines (gpg --print-md).
    """
    file = re.escape(name.lower())
    compact = re.sub(r"\s", "", text).lower()
    match = re.fullmatch(rf"(?:sha512\({file}\)=|(?:.*/)?{file}:)?([0-9a-f]{{128}})(?:\*?(?:.*/)?{file})?", compact)
    return match[1] if match else ""


def compare_checksums(files: Iterable[Mapping[str, Any]], listed: str, tree: str) -> dict[str, list[str]]:
    """Compare the files below `tree` with a list of `<sha256>  <path>` lines.

    Args:
        files: what ansible.builtin.find returns, with SHA-256 checksums.
        listed: the list, paths relative to `tree`.
        tree: the directory.

    Returns:
        "unlisted": paths that are not in the list or have another checksum; "missing": paths that are only in the list.

    """
    actual = {str(Path(file["path"]).relative_to(tree)): file["checksum"] for file in files}
    expected = {path: checksum for checksum, path in (line.split(maxsplit=1) for line in listed.splitlines())}
    return {
        "unlisted": sorted(path for path, checksum in actual.items() if expected.get(path) != checksum),
        "missing": sorted(expected.keys() - actual.keys()),
    }


def artifact_manifest(
    manifests: str, name: str, version: str, source: str, pins: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Describe how a version of a product is made, from the files in `manifests`/<name>.

    Args:
        manifests: the directory of all products.
        name: the product.
        version: its version.
        source: "registry" or "apache".
        pins: checksums by the name of Apache's file, instead of the publisher's.

    Returns:
        directory: the version's own files (pom.xml, checksums.sha256, requirements.txt).
        missing: files that this source needs and that are not there.
        overlays: directories to copy over what was fetched, in this order.
        file: name of the tarball.
        checksum_file: name of the file with the tarball's SHA-256. Another manifest has another name.
        apache: path of the release on Apache's mirrors, its file name, its pin, and whether pom.xml names additions.

    """
    product, own = Path(manifests) / name, Path(manifests) / name / str(version)
    data = yaml.safe_load((product / "apache.yml").read_text()) if (product / "apache.yml").is_file() else {}
    path = data.get("path", "").format(version=version)
    pin = (pins or {}).get(Path(path).name, "")
    apache = {"path": path, "file": Path(path).name, "pin": pin, "additions": data.get("additions", False)}
    needs = {
        "registry": [own / "pom.xml", own / "checksums.sha256"],
        "apache": [product / "apache.yml", *([own / "pom.xml"] if apache["additions"] else [])],
    }
    overlays = [base / layer for base in (product, own) for layer in (source, "tree") if (base / layer).is_dir()]
    head = [FORMAT, *([source, pin] if source == "apache" else [])]
    # Ansible's filter `sort` ignores case; what earlier versions have put into a cache keeps its name.
    lines = sorted(_contents(product, own, overlays), key=str.lower)
    digest = hashlib.sha256(" ".join([*head, *lines]).encode()).hexdigest()
    stem = f"{name}-{version}{'-apache' if source == 'apache' else ''}"
    return {
        "directory": str(own),
        "missing": [str(file) for file in needs[source] if not file.is_file()],
        "overlays": [str(overlay) for overlay in overlays],
        "file": f"{stem}.tar",
        "checksum_file": f"{stem}-{digest[:12]}.sha256",
        "apache": apache,
    }


def cached_digest(manifest: Mapping[str, Any], directory: str) -> str:
    """Return the SHA-256 of the tarball that was made from this manifest, "" if the cache `directory` knows of none."""
    file = Path(directory).expanduser() / manifest["checksum_file"]
    return file.read_text().split()[0] if file.is_file() else ""


def uncached_artifacts(
    manifests: str, versions: Mapping[str, str], source: str, pins: Mapping[str, str], directory: str
) -> list[str]:
    """Return the products, of `versions` (name: version), that the cache `directory` has no tarball of."""
    return [
        name
        for name, version in versions.items()
        if not cached_digest(artifact_manifest(manifests, name, version, source, pins), directory)
    ]


def source_jar(sources: str, directory: str) -> dict[str, str]:
    """Describe the jar that is built from a Maven project.

    Args:
        sources: the project: pom.xml and src/main. Its tests do not count.
        directory: the cache.

    Returns:
        name: the project's artifactId.
        digest: SHA-256 of the sources, which is part of the file's name.
        file: the jar's path in the cache.
        checksum_file: the path of its SHA-256, which is written last.

    """
    project = Path(sources)
    name = ET.parse(project / "pom.xml").findtext("{*}artifactId") or project.name
    files = [project / "pom.xml", *(project / "src/main" / path for path in sorted(_paths(project / "src/main")))]
    lines = [f"{file.relative_to(project)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    digest = hashlib.sha256(" ".join([FORMAT, *lines]).encode()).hexdigest()
    file = f"{Path(directory).expanduser()}/{name}-{digest[:12]}.jar"
    return {"name": name, "digest": digest, "file": file, "checksum_file": f"{file}.sha256"}


def _contents(product: Path, own: Path, overlays: Iterable[Path]) -> list[str]:
    """Return a line for each file that the tarball depends on: its place, SHA-256 and x bit."""
    files = {f"{product.name}/{own.name}/{path}": own / path for path in _paths(own) if path.parts[0] not in LAYERS}
    # Of two files with one path in the tree the last counts; whether it is the product's or the version's own does not.
    winners = {path: overlay for overlay in overlays for path in _paths(overlay)}
    files |= {f"{product.name}/{overlay.name}/{path}": overlay / path for path, overlay in winners.items()}
    return [
        f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()} {bool(file.stat().st_mode & 0o100)}"
        for name, file in files.items()
    ]


def _paths(directory: Path) -> list[Path]:
    """Return the files below a directory, relative to it."""
    return [file.relative_to(directory) for file in directory.rglob("*") if file.is_file()]


class FilterModule:
    """The filters, as Ansible finds them."""

    def filters(self) -> dict[str, Any]:
        """Return each filter by its name in templates."""
        return {
            "artifact_manifest": artifact_manifest,
            "cached_digest": cached_digest,
            "compare_checksums": compare_checksums,
            "published_sha512": published_sha512,
            "source_jar": source_jar,
            "uncached_artifacts": uncached_artifacts,
        }
