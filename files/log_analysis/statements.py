"""The statements of one job: requests.sql and details.sql, filled in from the job's settings."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from string import Template
from typing import Any

SQL = Path(__file__).parent
#: The format cuts user agents there, so a longer one of the heartbeat would never be found.
AGENT_LENGTH = 100


def literal(value: object) -> str:
    """Return a value as an SQL string literal."""
    return "'{}'".format(str(value).replace("'", "''"))


def interval(seconds: int) -> str:
    """Return an interval. INTERVAL takes at most three digits of seconds, so days, hours and minutes are separate."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"INTERVAL '{days} {hours:02}:{minutes:02}:{seconds:02}' DAY TO SECOND"


def options(values: dict[str, object]) -> str:
    """Return connector options as they stand in a list, without the last comma."""
    return ", ".join(f"{literal(key)} = {literal(value)}" for key, value in sorted(values.items()))


def database_options(database: dict[str, Any]) -> str:
    """Return the JDBC connector's options but the table's name."""
    server = f"jdbc:postgresql://{database['host']}:{database['port']}/{database['dbname']}"
    # stringtype: PostgreSQL reads a text as jsonb where the column is one.
    parameters = "ApplicationName=log-analysis&connectTimeout=10&socketTimeout=60&tcpKeepAlive=true"
    return options(
        {
            "connector": "jdbc",
            "url": f"{server}?{parameters}&stringtype=unspecified",
            "username": database["user"],
            "password": database["password"],
            "sink.buffer-flush.interval": "100ms",
            "sink.max-retries": 5,
        }
    )


def markers(job: dict[str, Any], since_ms: int) -> dict[str, str]:
    """Return what each marker stands for; `since_ms` is in ms since 1970, 0 for everything that Kafka has."""
    client = {f"properties.{key}": value for key, value in job["kafka_client_properties"].items()}
    since = datetime.fromtimestamp(since_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    texts = ("topic", "consumer_group", "bootstrap_servers", "log_format", "host", "table", "malformed_table")
    return {name: literal(job[name]) for name in texts} | {
        "heartbeat_user_agent": literal(job["heartbeat_user_agent"][:AGENT_LENGTH]),
        "window": interval(job["window_seconds"]),
        "watermark_delay": interval(job["watermark_delay_seconds"]),
        "kafka_client_properties": f"{options(client)}," if client else "",
        "kafka_since_ms": literal(max(0, since_ms - job["kafka_margin_ms"])),
        "since": f"TIMESTAMP {literal(since)}",
        "database": database_options(job["database"]),
    }


def statements(job: dict[str, Any], since_ms: int) -> list[str]:
    """Return a job's statements, without comments: the CREATEs and INSERTs of both files in their order.

    `job` is the part "job" of the settings that Ansible writes. Raises KeyError on a setting that is missing, or on a
    marker that is unknown.
    """
    files = ["requests.sql", "details.sql"] if job["details"] else ["requests.sql"]
    text = "\n".join((SQL / name).read_text() for name in files)
    text = re.sub(r"(?m)^\s*--.*\n", "", text)
    values = markers(job, since_ms)
    return [Template(part.strip()).substitute(values) for part in re.split(r"(?m);$", text) if part.strip()]
