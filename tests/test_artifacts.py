"""What each product's archive is made of: recipes, pins and launchers agree with each other."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

ARTIFACTS = Path(__file__).parents[1] / "files" / "artifacts"
RECIPES = sorted(pom.parent for pom in ARTIFACTS.glob("*/*/pom.xml"))
# Our own files: for any source, and what the registries lack of a release.
TREES = sorted([*ARTIFACTS.glob("**/tree"), *ARTIFACTS.glob("*/registry")])
SCRIPTS = sorted(path for tree in TREES for path in tree.glob("bin/*"))
POM = {"m": "http://maven.apache.org/POM/4.0.0"}
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
# The registries of Maven and PyPI, and whatever else could serve files: clients know them, recipes do not.
HOST = re.compile(r"https?://(?!maven\.apache\.org/POM/)|<repositor|<mirror|--index-url|--extra-index-url|--find-links")

each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: str(path.relative_to(ARTIFACTS)))


def pinned(recipe: Path) -> dict[str, str]:
    """Return path to SHA-256 of every line of the recipe's list."""
    lines = (recipe / "checksums.sha256").read_text().splitlines()
    matches = [LINE.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches) if not match]
    return {match[2]: match[1] for match in matches if match}


def root(recipe: Path) -> ET.Element:
    """Return the pom's root element."""
    return ET.parse(recipe / "pom.xml").getroot()


def jars(recipe: Path) -> list[str]:
    """Return the jars that the pom asks for by name, properties resolved."""
    pom = root(recipe)
    values = {f"project.{key}": pom.findtext(f"m:{key}", namespaces=POM) or "" for key in ("artifactId", "version")}
    values |= {node.tag.partition("}")[2]: node.text or "" for node in pom.iterfind("m:properties/*", POM)}
    names = []
    for node in [*pom.iterfind("m:dependencies/m:dependency", POM), *pom.iterfind(".//m:artifactItem", POM)]:
        if node.find("m:classifier", POM) is not None:
            continue  # unpacked, not copied
        name = f"{node.findtext('m:artifactId', namespaces=POM)}-{node.findtext('m:version', namespaces=POM)}.jar"
        names.append(re.sub(r"\$\{([^}]*)}", lambda match: values[match[1]], name))
    return names


def test_the_document_s_versions_have_recipes() -> None:
    found = {str(recipe.relative_to(ARTIFACTS)) for recipe in RECIPES}
    assert found >= {"flink/1.17.1", "flume/1.11.0", "hadoop/3.3.5", "kafka/3.4.0"}


@each_recipe
def test_the_folder_names_the_version(recipe: Path) -> None:
    pom = root(recipe)
    assert pom.findtext("m:artifactId", namespaces=POM) == recipe.parent.name
    assert pom.findtext("m:version", namespaces=POM) == recipe.name


@each_recipe
def test_the_list_is_sorted_and_names_each_file_once(recipe: Path) -> None:
    paths = [line.split()[1] for line in (recipe / "checksums.sha256").read_text().splitlines()]
    assert paths == sorted(set(paths))
    assert len(pinned(recipe)) == len(paths)
    assert not [path for path in paths if path.startswith("/") or ".." in path.split("/")]


@each_recipe
def test_every_jar_that_the_pom_asks_for_is_pinned(recipe: Path) -> None:
    names = {Path(path).name for path in pinned(recipe)}
    assert jars(recipe)
    assert set(jars(recipe)) <= names


@each_recipe
def test_one_version_of_a_jar_in_a_folder(recipe: Path) -> None:
    names = [path.replace("log4j-1.2-api", "log4j1-bridge") for path in pinned(recipe) if path.endswith(".jar")]
    artifacts = [re.sub(r"-\d[\w.]*(?=[-.])", "", name) for name in names]
    # Two projects have this name: Yammer's, which Kafka needs, and Dropwizard's.
    twice = {name for name in artifacts if artifacts.count(name) > 1 and not name.endswith("/metrics-core.jar")}
    assert not twice


@each_recipe
def test_our_own_files_replace_none_that_was_fetched(recipe: Path) -> None:
    own = {str(file.relative_to(tree)) for tree in TREES for file in tree.rglob("*") if recipe.parent in tree.parents}
    assert not own & set(pinned(recipe))


@each_recipe
def test_what_comes_from_pypi_is_pinned(recipe: Path) -> None:
    lock = recipe / "requirements.txt"
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", lock.read_text() if lock.exists() else "")).splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line) for line in lines)


def test_no_host_of_a_registry_is_named() -> None:
    files = [file for file in ARTIFACTS.rglob("*") if file.is_file()]
    assert not [str(file) for file in files if HOST.search(file.read_text())]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_launchers_can_be_run(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")


def test_what_a_playbook_fills_the_cache_with_is_all_that_the_roles_install() -> None:
    project = ARTIFACTS.parents[1]
    variables = yaml.safe_load((project / "playbooks/artifacts.yml").read_text())[0]["vars"]
    locks = [*project.glob("roles/*/files/requirements.txt"), *project.glob("files/*/requirements.txt")]
    assert set(variables["__lock_files"]) == {str(lock.relative_to(project)) for lock in locks}
    assert set(variables["__products"]) == {recipe.parent.name for recipe in RECIPES}


def test_no_rendered_configuration_in_a_tree() -> None:
    rendered = ("server.properties", "hadoop-env.sh", "flume-env.sh", "flink-conf.yaml", "-site.xml")
    assert not [str(file) for tree in TREES for file in tree.rglob("*") if file.name.endswith(rendered)]
