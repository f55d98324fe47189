"""The project's words (words.yml): those of the field, in every tracked text, and verbs at the start of task names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
WORDS = yaml.safe_load((Path(__file__).parent / "words.yml").read_text())
#: The list itself, and what says what a word was before.
EXEMPT = ("tests/words.yml", "CHANGELOG.md", "CONTRIBUTING.md", *WORDS["frozen"], *WORDS["unswept"])
TEXTS = (".md", ".yml", ".yaml", ".py", ".j2", ".cfg", ".in", ".toml", ".java", ".sql", ".sh")
BLOCKS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")


def tracked() -> list[str]:
    """Return the tracked texts, new files included, by their path from the project's root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    named = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    texts = [path for path in named if path.endswith(TEXTS) or path == "lab"]
    return [path for path in texts if not path.startswith(EXEMPT) and (ROOT / path).is_file()]


def tasks(items: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a play's or a file's list, those in blocks included."""
    for item in items or []:
        if "hosts" not in item and "ansible.builtin.import_playbook" not in item:
            yield item
        for block in BLOCKS:
            yield from tasks(item.get(block))


def task_files() -> list[str]:
    """Return the files that have tasks."""
    places = re.compile(
        r"roles/[^/]+/(tasks|handlers)/|playbooks/[^/]+\.yml|molecule/[^/]+/[^/]+\.yml|molecule/.*/tasks/"
    )
    return [path for path in tracked() if places.match(path) and not path.endswith("/molecule.yml")]


@pytest.mark.parametrize("word", WORDS["words"], ids=lambda word: word["use"])
def test_a_word_is_the_field_s(word: dict[str, Any]) -> None:
    pattern = re.compile(word["not"], re.IGNORECASE)
    found = [
        f"{path}:{number}: {match[0]!r}: say {word['use']!r}"
        for path in tracked()
        if not path.startswith(tuple(word.get("except", ())))
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        for match in pattern.finditer(line)
    ]
    assert not found, "\n" + "\n".join(found)


def test_a_task_s_name_begins_with_a_verb() -> None:
    verbs = set(WORDS["verbs"].split())
    found = [
        f"{path}: {task.get('name')!r}: begin with a verb of tests/words.yml"
        for path in task_files()
        for task in tasks(yaml.load((ROOT / path).read_text(), yaml.BaseLoader))
        if isinstance(task, dict) and task.get("name", "").split(" ")[0] not in verbs
    ]
    assert not found, "\n" + "\n".join(found)
