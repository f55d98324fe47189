"""Submit the log analysis to Flink: SQL from a file, settings from another, one job of one statement set.

Run by Flink's client (`flink run -py job.py …`); everything that works on data runs in Flink's own JVMs.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import datetime, timezone
from pathlib import Path
from string import Template
from typing import Any


def statements(sql: str, values: dict[str, str]) -> list[str]:
    """The statements of `sql`, its ${markers} replaced by `values` as contents of SQL string literals.

    A statement ends with a semicolon at the end of a line that an empty line follows, so that a statement set
    with its own semicolons stays whole. Raises KeyError on a marker without a value.
    """
    quoted = {name: value.replace("'", "''") for name, value in values.items()}
    return re.split(r"(?<=;)\n\s*\n", Template(sql).substitute(quoted).strip())


def values(settings: dict[str, Any], since_ms: int) -> dict[str, str]:
    """What the SQL's markers stand for; `since_ms` is in ms since 1970, 0 for everything Kafka has."""
    return {
        "since": datetime.fromtimestamp(since_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "kafka_since_ms": str(max(0, since_ms - settings["kafka_margin_ms"])),
        "database_user": settings["database"]["user"],
        "database_password": settings["database"]["password"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--checkpoints", required=True)
    parser.add_argument("--since-ms", type=int, default=0)
    arguments = parser.parse_args()
    settings = json.loads(arguments.settings.read_text())["job"]

    # Only Flink's client has pyflink on its path; the tests import the functions above without it.
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    configuration = Configuration()
    properties = {
        **settings["flink_properties"],
        "pipeline.name": arguments.name,
        "state.checkpoints.dir": arguments.checkpoints,
    }
    for key, value in properties.items():
        configuration.set_string(key, str(value))
    environment = TableEnvironment.create(
        EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    )
    sql = Path(settings["sql"]).read_text()
    for statement in statements(sql, values(settings, arguments.since_ms)):
        environment.execute_sql(statement)


if __name__ == "__main__":
    main()
