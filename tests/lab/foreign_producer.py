"""Write records that are not Flume's into a topic, and say how many, and how many of them are no events at all.

usage: foreign_producer.py CONFIG.json, with the verification's configuration and packages.
"""

from __future__ import annotations

import json
import sys
import time
from io import BytesIO
from pathlib import Path

import fastavro
from kafka import KafkaProducer
from verification.flume_event import decode, encode

SCHEMA = fastavro.parse_schema(
    {"type": "record", "name": "other", "fields": [{"name": "n", "type": "long"}, {"name": "s", "type": "string"}]}
)


def other() -> bytes:
    """Return a record of another schema."""
    record = BytesIO()
    fastavro.schemaless_writer(record, SCHEMA, {"n": 14, "s": "other"})
    return record.getvalue()


def records() -> list[bytes | None]:
    """Return values that are no events of Flume's, and events with every byte, none of which is a line."""
    event = encode("no line")
    strange = [b"\0", b"", None, bytes(10_000_000), other(), event[:-1], event + b"\0", b"\xff" * 1000]
    return strange + [encode(b"%b no line" % bytes([byte])) for byte in range(256)] + [encode(bytes(range(256)))]


def main() -> None:
    """Write the records, some of them each second, as a producer that knows no better does."""
    config = json.loads(Path(sys.argv[1]).read_text())["kafka"]
    properties = {name.replace(".", "_"): value for name, value in config["client_properties"].items()}
    producer = KafkaProducer(
        bootstrap_servers=config["bootstrap_servers"],
        compression_type="gzip",
        max_request_size=16_000_000,
        **properties,
    )
    values = records()
    for number, value in enumerate(values):
        # Beside Flume's records in the topic's only partition. A record without a value needs a key.
        producer.send(config["topic"], value, b"" if value is None else None, partition=0).get(30)
        if number % 50 == 0:
            time.sleep(1)
    print(len(values), sum(decode(value) is None for value in values))


if __name__ == "__main__":
    main()
