"""Which generation of a job is deployed, and from when on it counts: stored in PostgreSQL beside the job's rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import psycopg2
from psycopg2 import sql


@dataclass(frozen=True)
class Deployment:
    generation: int
    digest: str
    since: datetime | None

    @property
    def since_ms(self) -> int:
        """The boundary in ms since 1970; 0 for everything that Kafka has."""
        return 0 if self.since is None else round(self.since.timestamp() * 1000)


def common_boundary(newest_end: datetime | None, old_window: int, new_window: int, settle: int = 0) -> datetime | None:
    """The last instant at which windows of both lengths (s) end, at least `settle` s before `newest_end`.

    Flink aligns windows to 1970-01-01T00:00:00Z. None where there are no rows yet.
    """
    if newest_end is None:
        return None
    step = old_window * new_window // math.gcd(old_window, new_window)
    return datetime.fromtimestamp((math.floor(newest_end.timestamp()) - settle) // step * step, timezone.utc)


class Database:
    """The job's rows and its deployment. All methods raise psycopg2.Error."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.job = settings["name"]
        self.tables = settings["tables"]
        self.shared_tables = settings["shared_tables"]
        self.host = settings["job"]["host"]
        self.connect = {**settings["job"]["database"], "application_name": "job_supervisor", "connect_timeout": 10}

    def deployment(self) -> Deployment | None:
        with psycopg2.connect(**self.connect) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT generation, digest, since FROM log_analysis_deployments WHERE job = %s", [self.job])
            row = cursor.fetchone()
        return Deployment(*row) if row else None

    def start_generation(self, old: Deployment | None, new_digest: str, window: int, settle: int) -> Deployment:
        """In one transaction, delete the rows that the next generation computes again, and record its deployment."""
        with psycopg2.connect(**self.connect) as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "SELECT end_timestamp, extract(epoch FROM end_timestamp - start_timestamp)::integer"
                    " FROM {} ORDER BY end_timestamp DESC LIMIT 1"
                ).format(sql.Identifier(self.tables[0]))
            )
            newest_end, old_window = cursor.fetchone() or (None, window)
            since = common_boundary(newest_end, old_window, window, settle)
            for table in self.tables:
                cursor.execute(
                    sql.SQL("DELETE FROM {} WHERE start_timestamp >= coalesce(%s::timestamptz, '-infinity')").format(
                        sql.Identifier(table)
                    ),
                    [since],
                )
            for table in self.shared_tables:
                cursor.execute(
                    sql.SQL(
                        "DELETE FROM {} WHERE host = %s AND start_timestamp >= coalesce(%s::timestamptz, '-infinity')"
                    ).format(sql.Identifier(table)),
                    [self.host, since],
                )
            new = Deployment(old.generation + 1 if old else 1, new_digest, since)
            cursor.execute(
                "INSERT INTO log_analysis_deployments (job, generation, digest, since) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (job) DO UPDATE SET generation = excluded.generation, digest = excluded.digest,"
                " since = excluded.since",
                [self.job, new.generation, new.digest, new.since],
            )
        return new
