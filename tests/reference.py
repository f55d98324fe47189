"""reference.yml, with a record of which of its entries the tests have read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DATA: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "reference.yml").read_text())
PROJECT: str = DATA["paths"]["project"]


class Entries(Mapping[str, Any]):
    """A part of reference.yml: a mapping that records each value that is read from it, by the keys that lead there."""

    def __init__(self, values: dict[str, Any], read: set[tuple[str, ...]], *keys: str) -> None:
        self._values, self._read, self._keys = values, read, keys

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if isinstance(value, dict):
            return Entries(value, self._read, *self._keys, key)
        self._read.add((*self._keys, key))
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def entries(values: dict[str, Any] = DATA, *keys: str) -> Iterator[tuple[str, ...]]:
    """Yield the keys that lead to each entry; a list is one entry."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from entries(value, *keys, key)
        else:
            yield (*keys, key)
