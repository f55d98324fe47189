"""A Flink job that only counts the lines of a topic: count_job.py TOPIC SERVERS. It ends where the topic ends."""

from __future__ import annotations

import sys

from pyflink.table import EnvironmentSettings, TableEnvironment


def main() -> None:
    """Submit it."""
    topic, servers = sys.argv[1:]
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for key, value in {
        "pipeline.name": topic,
        "parallelism.default": "1",
        "pipeline.object-reuse": "true",
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": "1 s",
        "table.exec.mini-batch.size": "100000",
    }.items():
        environment.get_config().set(key, value)
    environment.execute_sql(f"""
        CREATE TABLE access_log (headers MAP<STRING NOT NULL, STRING NOT NULL> NOT NULL, body BYTES NOT NULL) WITH (
          'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{servers}', 'format' = 'avro',
          'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset')""")
    environment.execute_sql("CREATE TABLE counted (n BIGINT) WITH ('connector' = 'blackhole')")
    environment.execute_sql("INSERT INTO counted SELECT COUNT(body) FROM access_log")


if __name__ == "__main__":
    main()
