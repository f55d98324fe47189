"""plugins/filter/checksums.py: publishers' checksum files, lists of checksums, and what names a tarball."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from checksums import (
    artifact_manifest,
    cached_digest,
    compare_checksums,
    published_sha512,
    source_jar,
    uncached_artifacts,
)

ARTIFACTS = Path(__file__).resolve().parents[1] / "files/artifacts"
NAME = "kafka_2.13-3.4.0.tgz"
SHA512 = hashlib.sha512(b"a release").hexdigest()
GROUPS = re.findall("." * 8, SHA512.upper())

#: How publishers write it: sha512sum, shasum --tag and `gpg --print-md SHA512`.
PUBLISHED = {
    "gnu": f"{SHA512}  {NAME}\n",
    "binary": f"{SHA512} *{NAME}\n",
    "path": f"{SHA512}  ./target/{NAME}\n",
    "bsd": f"SHA512 ({NAME}) = {SHA512}\n",
    "gpg": "\n   ".join([f"{NAME}:", *(" ".join(GROUPS[start : start + 4]) for start in range(0, 16, 4))]) + "\n",
    "bare": f"{SHA512}\n",
}
NOT_PUBLISHED = {
    "another file": f"{SHA512}  kafka_2.12-3.4.0.tgz\n",
    "another file, bsd": f"SHA512 (x{NAME}) = {SHA512}\n",
    "a longer name": f"{SHA512}  {NAME}.asc\n",
    "cut off": f"{SHA512[:127]}  {NAME}\n",
    "SHA-256": f"{hashlib.sha256(b'a release').hexdigest()}  {NAME}\n",
    "a page": f"<html>{SHA512}  {NAME}</html>\n",
    "two": f"{SHA512}  {NAME}\n{SHA512}  {NAME}\n",
    "empty": "",
}


@pytest.mark.parametrize("text", PUBLISHED.values(), ids=PUBLISHED)
def test_each_publisher_s_format_is_read(text: str) -> None:
    assert published_sha512(text, NAME) == SHA512


@pytest.mark.parametrize("text", NOT_PUBLISHED.values(), ids=NOT_PUBLISHED)
def test_nothing_else_is_read(text: str) -> None:
    assert published_sha512(text, NAME) == ""


def test_files_that_differ_from_the_list_are_named() -> None:
    files = [
        {"path": f"/tree/{path}", "checksum": checksum} for path, checksum in (("a", "1"), ("b/c", "2"), ("d", "3"))
    ]
    listed = "1  a\n9  b/c\n4  e\n"
    assert compare_checksums(files, listed, "/tree") == {"unlisted": ["b/c", "d"], "missing": ["e"]}
    assert compare_checksums([], "", "/tree") == {"unlisted": [], "missing": []}


@pytest.mark.parametrize(
    "name",
    [
        "hadoop-3.3.5-d1cace80ffb7.sha256",
        "kafka-3.4.0-779dbc511281.sha256",
        "flume-1.11.0-1d51e619783b.sha256",
        "flink-1.17.1-e4f8d471941b.sha256",
    ],
)
def test_caches_of_earlier_versions_of_this_project_stay_valid(name: str) -> None:
    product, version, _ = name.split("-")
    assert artifact_manifest(str(ARTIFACTS), product, version, "registry")["checksum_file"] == name


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """Return the directory of a product with one version."""
    files = {
        "apache.yml": "path: made/{version}/made-{version}.tgz\nadditions: true\n",
        "registry/bin/run": "common\n",
        "tree/conf/log": "common\n",
        "1.0/pom.xml": "",
        "1.0/checksums.sha256": "",
    }
    for path, text in files.items():
        write(tmp_path / "made" / path, text)
    return tmp_path / "made"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_version_s_own_files_are_copied_last(product: Path) -> None:
    write(product / "1.0/tree/conf/log", "own\n")
    write(product / "1.0/registry/bin/run", "own\n")
    for source, expected in (
        ("registry", ["registry", "tree", "1.0/registry", "1.0/tree"]),
        ("apache", ["tree", "1.0/tree"]),
    ):
        overlays = artifact_manifest(str(product.parent), "made", "1.0", source)["overlays"]
        assert [str(Path(path).relative_to(product)) for path in overlays] == expected


def test_the_tarball_s_name_depends_on_all_that_decides_its_content(product: Path) -> None:
    def name(source: str = "registry", pin: str = "") -> str:
        pins = {"made-1.0.tgz": pin}
        return artifact_manifest(str(product.parent), "made", "1.0", source, pins)["checksum_file"]

    names = [name(), name("apache"), name("apache", "sha256:0"), name("apache", "sha256:1")]
    write(product / "1.0/pom.xml", "changed")
    names.append(name())
    write(product / "registry/bin/run", "changed\n")
    names.append(name())
    (product / "registry/bin/run").chmod(0o755)
    names.append(name())
    write(product / "1.0/registry/bin/run", "the version's own\n")
    names.append(name())
    assert len(set(names)) == len(names)

    before = name("apache"), name()
    write(product / "registry/bin/run", "replaced by the version's own\n")
    write(product / "2.0/tree/of", "another version\n")
    assert (name("apache"), name()) == before


def test_the_same_file_means_the_same_as_the_product_s_and_as_a_version_s(product: Path) -> None:
    before = artifact_manifest(str(product.parent), "made", "1.0", "registry")["checksum_file"]
    (product / "registry").rename(product / "1.0/registry")
    assert artifact_manifest(str(product.parent), "made", "1.0", "registry")["checksum_file"] == before


def test_what_a_source_needs_and_is_not_there_is_named(product: Path) -> None:
    def missing(version: str, source: str) -> list[str]:
        files = artifact_manifest(str(product.parent), "made", version, source)["missing"]
        return [str(Path(path).relative_to(product)) for path in files]

    assert missing("1.0", "registry") == missing("1.0", "apache") == []
    assert missing("2.0", "registry") == ["2.0/pom.xml", "2.0/checksums.sha256"]
    assert missing("2.0", "apache") == ["2.0/pom.xml"]
    write(product / "apache.yml", "path: made-{version}.tgz\n")
    assert missing("2.0", "apache") == []
    (product / "apache.yml").unlink()
    assert missing("2.0", "apache") == ["apache.yml"]


def test_what_a_cache_has_and_lacks(product: Path, tmp_path: Path) -> None:
    def uncached() -> list[str]:
        return uncached_artifacts(str(product.parent), {"made": "1.0"}, "registry", {}, str(tmp_path))

    manifest = artifact_manifest(str(product.parent), "made", "1.0", "registry")
    assert cached_digest(manifest, str(tmp_path)) == ""
    assert uncached() == ["made"]
    write(tmp_path / manifest["checksum_file"], "abc  made-1.0.tar\n")
    assert cached_digest(manifest, str(tmp_path)) == "abc"
    assert uncached() == []
    write(product / "1.0/pom.xml", "changed")
    assert uncached() == ["made"]


def test_a_jar_has_the_name_of_its_sources(tmp_path: Path) -> None:
    def write(path: str, text: str) -> dict[str, str]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return source_jar(str(tmp_path), "/cache")

    pom = '<project xmlns="http://maven.apache.org/POM/4.0.0"><artifactId>made</artifactId></project>'
    jar = write("pom.xml", pom)
    assert jar["name"] == "made"
    assert jar["file"] == f"/cache/made-{jar['digest'][:12]}.jar"
    assert jar["checksum_file"] == f"{jar['file']}.sha256"
    assert write("src/test/java/MadeTest.java", "class MadeTest {}") == jar
    assert write("target/classes/Made.class", "") == jar
    sources = write("src/main/java/Made.java", "class Made {}")
    assert sources != jar
    assert write("src/main/java/Made.java", "class Made { }") != sources
    assert write("src/main/java/Made.java", "class Made {}") == sources
    assert write("pom.xml", pom + "\n") != sources
