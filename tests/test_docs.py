"""What the pages name exists: links, paths, commands, tags, variables with their types and defaults."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
#: CHANGELOG.md has former names as well: of it only the links are checked.
PAGES = [*READMES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIGURE = ROOT / "docs/configure.md"
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


class Loader(yaml.SafeLoader):
    """Reads YAML and takes Ansible's own tags (!vault, !unsafe) for what follows them."""


Loader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


def load(path: Path) -> Any:
    """Return what a YAML file has."""
    return yaml.load(path.read_text(), Loader)


def slug(heading: str) -> str:
    """Return the anchor that GitHub and GitLab give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}: no such heading"


PATH = re.compile(
    r"(?<![\w./-])((?:\.\./)?(?:playbooks|roles|inventory|group_vars|files|molecule|plugins|tests|docs)/(?:[\w.*-]|/|<[^>]+>)*)",
    re.ASCII,
)


@each_page
def test_paths_exist(page: Path) -> None:
    for path in PATH.findall(page.read_text()):
        # inventory/mine is the reader's own; <role> is any role.
        pattern = re.sub(r"<[^>]+>", "*", path.removeprefix("../")).rstrip("./")
        if not pattern.startswith("inventory/mine"):
            assert any(ROOT.glob(pattern)), f"{page.name} names {path}"


def subcommands() -> set[str]:
    """Return the subcommands that ./lab says it has."""
    usage = subprocess.run([ROOT / "lab", "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^  ([a-z]+)\b", usage, re.MULTILINE))


@each_page
def test_commands_exist(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"\./lab ([a-z]+)", text)) <= subcommands()
    for playbook in re.findall(r"(?:\./lab play|ansible-playbook(?: -i \S+)?) ([\w./-]+\.yml)", text):
        assert (ROOT / playbook).is_file(), f"{page.name} runs {playbook}"


@each_page
def test_tags_exist(page: Path) -> None:
    plays = chain.from_iterable(load(path) for path in (ROOT / "playbooks").glob("*.yml"))
    tags = set(
        chain.from_iterable(
            [play.get("tags", [])] if isinstance(play.get("tags"), str) else play.get("tags", []) for play in plays
        )
    )
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    named = set(re.findall(r"--tags[ =]([\w,]+)", page.read_text(), re.ASCII))
    assert set(chain.from_iterable(name.split(",") for name in named)) <= tags | roles


@each_page
def test_a_document_is_not_longer_than_one_can_read(page: Path) -> None:
    lines = len(page.read_text().splitlines())
    assert lines <= (60 if page.name == "README.md" else 250)


def lab_commands(*pages: Path) -> set[str]:
    """Return the ./lab commands of pages, those of `play` with their playbook."""
    text = "\n".join(page.read_text() for page in pages)
    return set(re.findall(r"\./lab (play [\w./-]+\.yml|(?!play)[a-z]+)", text))


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = READMES
    assert lab_commands(english) <= lab_commands(chinese)
    # The Chinese one has the walk through the lab, which is docs/deploy.md's in English.
    assert lab_commands(chinese) == lab_commands(english, ROOT / "docs/deploy.md")
    # The same result, too.
    assert code(chinese)[1:2] == code(english)[1:2]


def code(page: Path) -> list[str]:
    """Return a page's indented blocks."""
    return re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", page.read_text(), re.MULTILINE)


@cache
def options() -> dict[str, dict[str, Any]]:
    """Return every role's inputs by name."""
    specs = [load(path)["argument_specs"] for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")]
    return {
        name: option for spec in specs for entry in spec.values() for name, option in entry.get("options", {}).items()
    }


def keys(value: Any) -> Iterator[str]:
    """Return all keys of a nested mapping."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner)


@cache
def wired() -> set[str]:
    """Return the variables that group_vars/, the inventories and the first comments of playbooks name."""
    comments = (
        re.findall(r"^#   (\w+_\w+)  ", path.read_text(), re.MULTILINE) for path in (ROOT / "playbooks").glob("*.yml")
    )
    files = chain((ROOT / "group_vars").rglob("*.yml"), (ROOT / "inventory").glob("*/group_vars/**/*.yml"))
    names = set(chain.from_iterable(load(path) or {} for path in files))
    names |= set(chain.from_iterable(comments))
    return names | set(chain.from_iterable(keys(load(path)) for path in (ROOT / "inventory").glob("*/hosts.yml")))


def rows() -> Iterator[list[str]]:
    """Return the cells of each row of a table of variables in docs/configure.md."""
    for line in CONFIGURE.read_text().splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


@each_page
def test_variables_exist(page: Path) -> None:
    text = page.read_text()
    # Those of -e name=value, and those that begin a piece of YAML: `name: value`.
    named = re.findall(r"-e ([a-z]\w+)=", text, re.ASCII) + re.findall(r"`([a-z]+_\w+): ", text, re.ASCII)
    if page == CONFIGURE:
        named += [name for first, *_ in rows() for name in re.findall(r"`(\w+)`", first)]
        named += re.findall(r"^\| [^|`]+ \| `(\w+)", text, re.MULTILINE)
    unknown = set(named) - set(options()) - wired()
    assert not unknown, f"{page.name} names variables that nothing sets or takes: {sorted(unknown)}"


def shown(default: Any) -> str:
    """Return a default as docs/configure.md writes it."""
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("cells", list(rows()), ids=lambda cells: cells[0].strip("`").split("`")[0])
def test_types_and_defaults_are_those_of_the_roles(cells: list[str]) -> None:
    names = re.findall(r"`(\w+)`", cells[0])
    given = {name: options()[name] for name in names if name in options()}
    kinds = {kind for option in given.values() for kind in option.get("choices", [option["type"]])}
    assert not kinds or set(cells[1].split(", ")) == kinds
    # Where group_vars/ or the text computes it, the role's own default says nothing.
    if len(cells) > 3 and given.keys() == set(names) and not given.keys() & wired():
        defaults = [shown(option["default"]) for option in given.values() if "default" in option]
        stated = cells[3].replace("`", "")
        assert stated in (", ".join(defaults), defaults[0] if len(set(defaults)) == 1 else None)
