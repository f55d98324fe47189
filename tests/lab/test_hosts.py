"""Each entry of reference.yml on the lab's hosts, and what is rendered without hosts compared with what they have."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from running import RunningHosts
from test_reference import *  # noqa: F403  the same tests, with another `system`

if TYPE_CHECKING:
    from conftest import Lab


@pytest.fixture(scope="module")
def system(lab: Lab) -> RunningHosts:
    """Return the lab's hosts."""
    return RunningHosts(lab)


@pytest.mark.parametrize("host", HOSTS)  # noqa: F405
def test_what_is_rendered_is_what_stands(system: RunningHosts, host: str) -> None:
    for path, file in system.rendered[host].items():
        # Only a real run knows of the products' releases, of a load test, a jar, and what units were started with.
        if re.search(r"^/usr/local/\.|/last\.json$|[.]jar$|^/var/lib/systemd/unit-records/", path):
            continue
        found = system.file(host, path)
        assert found, f"{path} is missing"
        if file.whole:
            assert (found.text, found.owner, found.group, found.mode) == (
                file.text,
                file.owner,
                file.group,
                file.mode,
            ), path
        else:
            assert set(file.text.splitlines()) <= set(found.text.splitlines()), path


def test_nginx_reads_what_is_written(system: RunningHosts) -> None:
    dump = system.run("web01", "nginx -T")
    for name in ("nginx", "nginx_site"):
        path = DATA["config"][name]["file"]  # noqa: F405
        assert f"# configuration file {path}:\n{system.file('web01', path).text}" in dump


@pytest.mark.parametrize("host", HOSTS)  # noqa: F405
def test_no_process_of_a_service_gains_privileges(system: RunningHosts, host: str) -> None:
    """Those of YARN's containers are in the control group of their NodeManager."""
    services = system.deployment.hostvars[host]["host_services"].values()
    units = "|".join(re.escape(one["unit"]).replace(r"\*", ".*") for one in services)
    group = shlex.quote(rf"system\.slice/(.*/)?({units})(/|$)")
    processes = f"grep --files-with-matches --extended-regexp --no-messages {group} /proc/[0-9]*/cgroup"
    status = 'grep --with-filename NoNewPrivs "${path%cgroup}status" 2>/dev/null || true'
    found = system.run(host, f"for path in $({processes}); do {status}; done").splitlines()
    assert found
    assert [line for line in found if not line.endswith("\t1")] == []
