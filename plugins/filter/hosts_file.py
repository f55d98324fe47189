"""/etc/hosts: one line for each host of the cluster, and none of their names anywhere else in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: What ansible.builtin.blockinfile puts around the lines of the cluster, in roles/base/tasks/names.yml.
BEGIN, END = (f"# {mark} hosts of the cluster (Ansible)" for mark in ("BEGIN", "END"))


def own_names(facts: Mapping[str, Any], hosts: Iterable[str]) -> list[str]:
    """Return a host's own name, with and without its domain, unless it is one of the inventory's names.

    Args:
        facts: the host's.
        hosts: the names of all hosts in the inventory.

    """
    full, short = (str(facts.get(key) or "").lower() for key in ("nodename", "hostname"))
    taken = {host.lower() for host in hosts} | {"", "localhost"}
    return [name for name in dict.fromkeys((full, short)) if name not in taken]


def cluster_lines(hosts: Mapping[str, str], name: str, own: Iterable[str]) -> list[str]:
    """Return the lines of the cluster: the address and the name of each host.

    Args:
        hosts: the address of each host.
        name: the host whose file this is.
        own: its own names, which its programs resolve to its address, too.

    """
    return [
        " ".join([address, host, *(own if host == name else ())])
        for host, address in sorted(hosts.items(), key=lambda item: item[0].lower())
    ]


def without_names(text: str, names: Iterable[str]) -> str:
    """Return a hosts file without these names outside the lines of the cluster.

    The first line that has a name counts, and the loopback addresses always: Debian's installer, Vagrant and cloud-init
    assign a host's own name to one of these, and daemons would then listen there.
    """
    unwanted = {name.lower() for name in names}
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        inside = line.rstrip() == BEGIN or (inside and line.rstrip() != END)
        entry, hash_sign, comment = line.partition("#")
        address, *found = entry.split() or [""]
        left = [name for name in found if name.lower() not in unwanted]
        if left != found and address.startswith("127.") and address != "127.0.0.1":
            # What else is in the line is the same host's name with a domain.
            left = []
        if inside or left == found:
            kept.append(line)
        elif left:
            kept.append(" ".join([address, *left]) + (f" {hash_sign}{comment.rstrip()}" if comment else "") + "\n")
    return "".join(kept)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"cluster_lines": cluster_lines, "own_names": own_names, "without_names": without_names}
