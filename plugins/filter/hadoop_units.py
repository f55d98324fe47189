"""The systemd units of HDFS's and YARN's daemons, which differ in little."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def hadoop_units(
    daemons: Mapping[str, Mapping[str, Any]],
    product: str,
    user: str,
    java_home: str,
    directories: Mapping[str, str],
    work_directories: Iterable[str],
) -> list[dict[str, Any]]:
    """Return the units of a host's daemons, as the role systemd_unit takes them.

    Args:
        daemons: by name, each with `http_host`, `http_port` and `java_opts`.
        product: `hdfs` or `yarn`, whose command starts them.
        user: the user who runs them.
        java_home: home of Java.
        directories: of their data, by daemon; where none is named after a daemon, all are of each.
        work_directories: others that they write to.

    """
    units = []
    # A directory that does not exist is no reason not to start.
    others = [f"-{directory}" for directory in work_directories]
    for daemon, options in daemons.items():
        data = [directories[daemon]] if daemon in directories else directories.values()
        parents = list(dict.fromkeys(str(Path(directory).parent) for directory in data))
        name = f"{product}-{daemon}"
        service = {
            "Type": "exec",
            "User": user,
            # A NodeManager's containers inherit JAVA_HOME; without it each ends with status 127.
            "Environment": [
                f"JAVA_HOME={java_home}",
                f'"{product.upper()}_{daemon.upper()}_OPTS={options["java_opts"]}"',
                f"HADOOP_PID_DIR=/run/{name}",
            ],
            # The release's script refuses to start if an old pid file names any living process: the directory goes with
            # the unit.
            "RuntimeDirectory": name,
            "ExecStart": f"/usr/local/hadoop/bin/{product} {daemon}",
            # The unit counts as started once its web page responds, so that a restart waits for it. The timeout is
            # generous for slow machines.
            "ExecStartPost": (
                '/usr/bin/curl --silent --show-error --noproxy "*" --output /dev/null --retry 300 --retry-delay 1 '
                f"--retry-connrefused --retry-max-time 300 http://{options['http_host']}:{options['http_port']}/"
            ),
            "SuccessExitStatus": 143,
            # A NodeManager ends its containers itself.
            **({"KillMode": "mixed"} if product == "yarn" else {}),
            "Restart": "on-failure",
            "RestartSec": 5,
            "TimeoutStartSec": 330,
            "TimeoutStopSec": 90,
            "ReadWritePaths": " ".join([*parents, *others]),
            # Its containers inherit the sandbox; a NodeManager itself sets modes for what other users may read.
            **({"UMask": "0022"} if daemon == "nodemanager" else {}),
        }
        unit = {
            "Description": f"{product.upper()} {daemon}",
            "After": "network-online.target",
            "Wants": "network-online.target",
            "StartLimitIntervalSec": 0,
        }
        content = {"Unit": unit, "Service": service, "Install": {"WantedBy": "multi-user.target"}}
        units.append({"name": f"{name}.service", "state": "started", "enabled": True, "content": content})
    return units


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"hadoop_units": hadoop_units}
