"""nginx's files as the role's templates make them; no host."""

from __future__ import annotations

from typing import Any

import pytest
import templates
import yaml
from templates import ROOT

LOG_FORMAT = (
    "log_format custom '$remote_addr - $remote_user [$time_local] "
    '"$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent"\';'
)
OPERATOR = {
    "nginx_http_settings": {"gzip": False, "limit_req_zone": "$binary_remote_addr zone=one:1m rate=9r/s"},
    "nginx_server_settings": {"client_max_body_size": "2m", "listen": ["80", "[::]:80"]},
    "nginx_location_settings": {"limit_req": "zone=one"},
}


def render(settings: dict[str, Any]) -> dict[str, list[str]]:
    """Return each file's directives, one per line, without indentation, comments and empty lines."""
    role = templates.role_variables("nginx", "vars/main.yml") | {"nginx_server_names": ["localhost", "web01"]}
    files = {
        "nginx.conf": {"__nginx_includes": ["/etc/nginx/conf.d/*.conf"]},
        "site.conf": {},
        "candidate.conf": {"__nginx_includes": ["/etc/nginx/conf.d/other.conf"], "__nginx_inline": "site.conf.j2"},
    }
    rendered = {}
    for name, variables in files.items():
        template = ROOT / "roles/nginx/templates" / ("site.conf.j2" if name == "site.conf" else "nginx.conf.j2")
        text = templates.render(template, role | settings | variables)
        rendered[name] = [line for whole in text.splitlines() if (line := whole.split("#")[0].strip())]
    return rendered


@pytest.fixture(scope="module")
def plain() -> dict[str, list[str]]:
    """Return the files of a host with default settings."""
    return render({})


@pytest.fixture(scope="module")
def tuned() -> dict[str, list[str]]:
    """Return the files with an operator's settings and the project's list of fields."""
    fields = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())["access_log_fields"]
    return render({**OPERATOR, "nginx_log_fields": fields})


def test_the_log_format_is_defined_before_it_is_used(plain: dict[str, list[str]]) -> None:
    config = plain["nginx.conf"]
    used = config.index("access_log /var/log/nginx/access.log custom;")
    assert config.index(LOG_FORMAT) < used < config.index("include /etc/nginx/conf.d/*.conf;")
    assert "error_log /var/log/nginx/error.log;" in config
    assert config[-2:] == ["include /etc/nginx/sites-enabled/*;", "}"]


def test_the_site_is_the_case_study_s(plain: dict[str, list[str]]) -> None:
    assert plain["site.conf"] == [
        "server {",
        "listen 80;",
        "server_name localhost web01;",
        "location / {",
        "proxy_pass http://127.0.0.1:8000;",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "}",
        "}",
    ]


def test_the_project_s_fields_are_the_case_study_s(tuned: dict[str, list[str]]) -> None:
    assert LOG_FORMAT in tuned["nginx.conf"]


def test_an_operator_s_settings_override_the_role_s(tuned: dict[str, list[str]]) -> None:
    assert "gzip off;" in tuned["nginx.conf"]
    assert "gzip on;" not in tuned["nginx.conf"]
    assert tuned["site.conf"][:4] == [
        "server {",
        "client_max_body_size 2m;",
        "listen 80;",
        "listen [::]:80;",
    ]
    assert "limit_req zone=one;" in tuned["site.conf"]


@pytest.mark.parametrize("files", ["plain", "tuned"])
def test_what_is_tested_is_what_is_written(files: str, request: pytest.FixtureRequest) -> None:
    rendered = request.getfixturevalue(files)
    whole = [line for line in rendered["candidate.conf"] if line != "include /etc/nginx/conf.d/other.conf;"]
    place = rendered["nginx.conf"].index("include /etc/nginx/conf.d/*.conf;")
    assert whole == rendered["nginx.conf"][:place] + rendered["site.conf"] + rendered["nginx.conf"][place + 1 :]
