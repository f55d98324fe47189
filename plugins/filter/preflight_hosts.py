"""What is wrong with the hosts of an inventory, found on the control node from what they say of themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from ansible.module_utils.parsing.convert_bool import boolean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MIB = 1024**2
UNITS = {"": 1, "k": 1024, "m": MIB, "g": 1024 * MIB, "t": 1024 * 1024 * MIB}
#: MiB that a JVM takes beside its heap, its heap where nothing says, and what the system takes.
JVM_OVERHEAD, JVM_HEAP, SYSTEM = 100, 256, 256
#: Seconds by which two clocks may differ.
CLOCK_DIFFERENCE = 1.0
#: What roles/preflight/tasks/hosts.yml makes a host print after the rest: the control node's clock and its own.
#: A terminal ends lines with \r\n.
CLOCK = re.compile(r"^preflight (\d+\.\d+) (\d+\.\d+)\r?$", re.MULTILINE)


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    raw: Mapping[str, Mapping[str, Any]]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""


def mib(size: str) -> float:
    """Return a size such as `1600m`, `2g` or `1048576` (bytes) in MiB.

    Raises:
        ValueError: it is none.

    """
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", size.strip().lower())
    if not found:
        raise ValueError(size)
    return int(found[1]) * UNITS[found[2]] / MIB


class Host:
    """What a host has said, and what runs there."""

    def __init__(self, values: Values, name: str) -> None:
        self.values, self.name = values, name
        raw = values.raw[name]
        self.groups = set(raw.get("group_names", []))
        self.facts: Mapping[str, Any] = raw.get("ansible_facts", {})
        self.gathered: Mapping[str, Any] = raw.get("__preflight_gathered", {})
        self.answers: list[Mapping[str, Any]] = list(raw.get("__preflight_answers", {}).get("results", []))
        self.system = f"{self.facts.get('distribution')} {self.facts.get('distribution_major_version')}"
        table: Mapping[str, Mapping[str, Any]] = self.get("services", {})
        self.services = {
            daemon: service
            for daemon, service in table.items()
            if not self.groups.isdisjoint(service.get("groups", []))
        }

    def get(self, name: str, default: Any = None) -> Any:
        """Return one of the host's variables."""
        return self.values.get(self.name, name, default)

    @property
    def output(self) -> str:
        """Return what it printed when asked what it has."""
        return str(self.answers[0].get("stdout", "")) if self.answers else ""

    def silence(self) -> str | None:
        """Return why nothing is known of it; None if it has answered."""
        if "os_family" not in self.facts:
            modules = self.gathered.get("failed_modules") or {"": self.gathered}
            failure = next(iter(modules.values()))
            texts = [str(failure.get(key) or "").strip() for key in ("msg", "module_stderr")]
            return f"unreachable, or its facts cannot be gathered: {' '.join(filter(None, texts))}"
        for answer in self.answers:
            if answer.get("unreachable"):
                return f"unreachable: {str(answer.get('msg', '')).strip()}"
            if not CLOCK.search(str(answer.get("stdout", ""))):
                text = f"{answer.get('stdout', '')} {answer.get('stderr', '')}".strip() or answer.get("msg", "nothing")
                return f"its login shell does not run commands with /bin/sh; it printed: {str(text)[:300]}"
        return None if len(self.answers) == 2 else "it was not asked what it has"

    def clock(self) -> tuple[float, float]:
        """Return the bounds between which its clock is ahead of the control node's, in seconds.

        The control node's clock is read when a question is sent, so it bounds the answer to that question from one side
        and the answer to the question before from the other.
        """
        asked, told = zip(*(map(float, CLOCK.findall(str(answer.get("stdout", "")))[-1]) for answer in self.answers))
        return told[0] - asked[1], min(told[0] - asked[0], told[1] - asked[1])

    def memory(self) -> dict[str, float]:
        """Return the MiB that each of its services takes."""
        found: dict[str, float] = {"the system": SYSTEM}
        for daemon, service in self.services.items():
            needed = float(service.get("containers_mib", 0) or 0)
            memory = service.get("memory_mib")
            if "java_opts" not in service:
                needed += float(memory or 0)
            elif memory is None or float(memory) > 0:
                heaps = re.findall(r"-Xmx(\d+[kKmMgGtT]?)", str(service["java_opts"] or ""))
                needed += JVM_OVERHEAD + (mib(heaps[-1]) if heaps else float(JVM_HEAP if memory is None else memory))
            if needed:
                found[daemon] = needed
        return found


def system_findings(host: Host, supported: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with a host's distribution, Java and Python."""
    facts, system = host.facts, host.system
    take = " or ".join(name for name, has in supported.items() if "java_package" in has)
    if facts.get("service_mgr") != "systemd":
        yield f"{facts.get('service_mgr')} runs its services. Every daemon is a unit of systemd: take a system with it."
    if facts.get("os_family") != "Debian" or facts.get("architecture") != "x86_64":
        yield f"it is {system} on {facts.get('architecture')}. Take {take} on x86_64."
    majors = [name for name, has in supported.items() if "postgresql" in has]
    if "postgresql" in host.groups and system not in majors:
        yield f"for PostgreSQL it has to be {' or '.join(majors)}; it is {system}."
    java = any("java_opts" in service for service in host.services.values())
    if boolean(host.get("base_java", java), strict=False):
        yield from java_findings(host, take)
    python = str(facts.get("python_version"))
    if "flink_yarn" in host.groups and not re.match(r"3\.(9|10)\.", python):
        yield (
            f"Flink's client needs Python 3.9 or 3.10, and this is {python} "
            f"({facts.get('python', {}).get('executable')}). Take {take}, or set ansible_python_interpreter to one "
            "that the host has."
        )


def java_findings(host: Host, take: str) -> Iterator[str]:
    """Yield what is wrong with a host's Java, or with the package that it would come from."""
    package, home = host.get("java_package"), host.get("java_home")
    installed = re.search(r'^JAVA_VERSION="(\d+)', host.output, re.MULTILINE)
    # A host whose lists of packages were never fetched cannot tell; Debian has had no Java 11 since 12.
    without = re.fullmatch(r"Debian (1[2-9]|[2-9]\d)", host.system)
    unlisted = "_Packages" not in host.output and not without
    if not (re.search(r"^/var/lib/dpkg/info/|Candidate: \d", host.output, re.MULTILINE) or unlisted):
        yield (
            f"its distribution, {host.system}, has no package {package}. Take {take}, or set java_package to a package "
            "with Java 11 that its sources have, and java_home to where that puts it."
        )
    if installed and installed[1] != "11":
        yield f"in {home} is Java {installed[1]}, and Hadoop and Flink run on Java 11. Set java_home and java_package."


def capacity_findings(host: Host) -> Iterator[str]:
    """Yield whether what is placed on a host is more than it has, or shares a port."""
    total = re.search(r"^MemTotal: +(\d+) kB", host.output, re.MULTILINE)
    needed = host.memory()
    if total and sum(needed.values()) > int(total[1]) // 1024:
        parts = ", ".join(f"{daemon} {size:.0f}" for daemon, size in needed.items())
        yield (
            f"it has {int(total[1]) // 1024} MiB of memory, and what is placed there takes {sum(needed.values()):.0f} "
            f"MiB ({parts}). Give it more, move something elsewhere, or set less: -Xmx in kafka_kraft_heap_opts, "
            "flume_java_opts, namenode_java_opts and the like, or hadoop_client_nodemanager_memory_mb."
        )
    ports = defaultdict(list)
    for daemon, service in host.services.items():
        for port in set((service.get("ports") or {}).values()):
            ports[int(port)].append(daemon)
    for port, daemons in sorted(ports.items()):
        if len(daemons) > 1:
            yield f"port {port} is that of {' and '.join(daemons)}. Give one of them another port, or another host."


def clock_findings(clocks: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Yield whether two clocks differ, as far as what was read proves it.

    The clocks are compared with each other, whatever the control node's is. That NTP runs proves less: in a container
    the answer is the machine's, and two hosts may follow servers that differ.
    """
    if len(clocks) < 2:
        return
    fast, slow = max(clocks, key=lambda host: clocks[host][0]), min(clocks, key=lambda host: clocks[host][1])
    difference = clocks[fast][0] - clocks[slow][1]
    if difference > CLOCK_DIFFERENCE:
        ahead = sorted(clocks, key=lambda host: clocks[host][0])
        outermost = [*ahead[:5], *ahead[max(5, len(ahead) - 5) :]]
        yield (
            f"clocks: {fast} is {difference:.2f} s or more ahead of {slow}; one second is allowed. Let chrony or "
            "systemd-timesyncd keep them all. Seconds that each is ahead of the control node: "
            f"{', '.join(f'{host} {clocks[host][0]:.2f}' for host in outermost)}."
        )


def preflight_hosts(values: Values, names: Iterable[str], supported: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with hosts, from their facts and from what roles/preflight/tasks/hosts.yml has asked them.

    Args:
        values: the hosts' variables, with the table `services`.
        names: the hosts that were asked.
        supported: what each distribution has: its `postgresql`, `python` and `java_package`.

    """
    found, clocks = [], {}
    for name in names:
        host = Host(values, name)
        if not host.get("ansible_host"):
            continue
        silence = host.silence()
        if silence:
            found.append(f"{name}: {silence.rstrip('.')}. See docs/deploy.md, Deploying to your own hosts.")
            continue
        clocks[name] = host.clock()
        found += [f"{name}: {text}" for text in (*system_findings(host, supported), *capacity_findings(host))]
    return [*clock_findings(clocks), *found]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_hosts": preflight_hosts}
