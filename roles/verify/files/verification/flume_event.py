"""A record of Flume's Kafka channel: bare Avro, without a schema id, of a map of headers and a body.

The schema is AvroFlumeEvent of Flume's flume-ng-sdk.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro

SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "AvroFlumeEvent",
        "namespace": "org.apache.flume.source.avro",
        "fields": [
            {"name": "headers", "type": {"type": "map", "values": "string"}},
            {"name": "body", "type": "bytes"},
        ],
    }
)


def encode(line: str) -> bytes:
    """Return the record that carries a line, without headers."""
    record = BytesIO()
    fastavro.schemaless_writer(record, SCHEMA, {"headers": {}, "body": line.encode()})
    return record.getvalue()


def decode(record: bytes) -> str:
    """Return the line that a record carries; invalid UTF-8 becomes U+FFFD."""
    event: Any = fastavro.schemaless_reader(BytesIO(record), SCHEMA, None)
    return event["body"].decode("utf-8", "replace")
