"""What follows from the table of services, group_vars/all/services.yml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def http_url(host: str, port: object, path: str = "") -> str:
    """Return the URL of a page. HTTP's own port is left out."""
    return f"http://{host}{'' if str(port) == '80' else f':{port}'}{path}"


def services_in(services: Mapping[str, Mapping[str, Any]], groups: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return the services that run on the hosts of any of these groups, by daemon, in the table's order."""
    wanted = set(groups)
    return {daemon: service for daemon, service in services.items() if not wanted.isdisjoint(service["groups"])}


def daemon_options(services: Mapping[str, Mapping[str, Any]], role: str, host: str) -> dict[str, dict[str, Any]]:
    """Return the options that a role takes for each of its daemons: where its page is, and the options of its JVM.

    Args:
        services: those of a host.
        role: `hdfs` or `yarn`.
        host: the host's name in the inventory, by which the others reach it; its own name may be another.

    """
    return {
        daemon: {"http_host": host, "http_port": service["ports"]["http"], "java_opts": service["java_opts"]}
        for daemon, service in services.items()
        if service["role"] == role
    }


def service_pages(
    services: Mapping[str, Mapping[str, Any]], groups: Mapping[str, list[str]], addresses: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the title and the URL of each page, on the first host of its service's groups.

    Args:
        services: the table.
        groups: the inventory's groups, each with its hosts.
        addresses: each host's address, since people's machines do not resolve the hosts' names.

    """
    pages = []
    for service in services.values():
        hosts = [host for group in service["groups"] for host in groups.get(group, [])]
        if "page" in service and hosts:
            page = service["page"]
            url = http_url(addresses[hosts[0]], service["ports"][page["port"]], page["path"])
            pages.append({"title": page["title"], "url": url})
    return pages


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "daemon_options": daemon_options,
            "http_url": http_url,
            "service_pages": service_pages,
            "services_in": services_in,
        }
