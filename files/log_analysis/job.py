"""Submit the log analysis to Flink, as one job of one statement set.

Run by Flink's client (`flink run -py job.py …`) with this directory on PYTHONPATH. Everything that works on data runs
in Flink's own JVMs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from statements import statements


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--checkpoints", required=True)
    parser.add_argument("--since-ms", type=int, default=0)
    arguments = parser.parse_args()
    job = json.loads(arguments.settings.read_text())["job"]

    # Only Flink's client has pyflink on its path.
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    configuration = Configuration()
    properties = {
        **job["flink_properties"],
        "pipeline.name": arguments.name,
        "state.checkpoints.dir": arguments.checkpoints,
    }
    for key, value in properties.items():
        configuration.set_string(key, str(value))
    environment = TableEnvironment.create(
        EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    )
    # Set here rather than above: only this adds the jar to the client's own class path, too.
    environment.get_config().set("pipeline.jars", f"file://{job['format_jar']}")
    inserts = environment.create_statement_set()
    for statement in statements(job, arguments.since_ms):
        if statement.startswith("INSERT"):
            inserts.add_insert_sql(statement)
        else:
            environment.execute_sql(statement)
    inserts.execute()


if __name__ == "__main__":
    main()
