"""Files that a host already has, so that a role writes only what differs: one `find` is cheaper than many copies."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def has_file(
    found: Iterable[Mapping[str, Any]],
    path: str,
    content: str,
    *,
    owner: str = "root",
    group: str | None = None,
    mode: str = "0644",
) -> bool:
    """Return whether a host has a file with this content, owner, group and mode.

    Args:
        found: `files` of ansible.builtin.find, called with get_checksum (SHA-1, its default).
        path: absolute path of the file.
        content: the file's text, encoded as UTF-8 on the host.
        owner: name of the file's owner.
        group: name of the file's group; None is any.
        mode: permissions as four octal digits.

    """
    wanted = {
        "path": path,
        "checksum": hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest(),
        "pw_name": owner,
        "mode": mode,
    } | ({"gr_name": group} if group else {})
    return any(all(file.get(key) == value for key, value in wanted.items()) for file in found)


def has_directory(found: Iterable[Mapping[str, Any]], path: str) -> bool:
    """Return whether a host has a directory, as `find` lists it or a file in it."""
    return any(file["path"] == path or file["path"].startswith(f"{path}/") for file in found)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"has_file": has_file, "has_directory": has_directory}
