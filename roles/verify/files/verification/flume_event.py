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


class Record(BytesIO):
    """A record's bytes. BytesIO reads everything if the length is negative, which is none in Avro."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes. Raises ValueError if the size is negative."""
        if size is None or size < 0:
            message = f"a length of {size}"
            raise ValueError(message)
        return super().read(size)


def encode(line: str | bytes) -> bytes:
    """Return the record that carries a line, without headers."""
    body = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
    record = BytesIO()
    fastavro.schemaless_writer(record, SCHEMA, {"headers": {}, "body": body})
    return record.getvalue()


def decode(value: bytes | None) -> str | None:
    """Return the line that a record carries; bytes that are not UTF-8 become lone surrogates.

    None if the record is no event of Flume's: it has no value, it is not this Avro, or something follows.
    """
    record = Record(value or b"")
    try:
        event: Any = fastavro.schemaless_reader(record, SCHEMA, None, handle_unicode_errors="replace")
    except (EOFError, ValueError, OverflowError, MemoryError, IndexError):
        return None
    if record.tell() != len(value or b""):
        return None
    return event["body"].decode("utf-8", "surrogateescape")
