"""The web host's lines in its Kafka topic."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

import fastavro
from kafka import KafkaConsumer, TopicPartition

from .access_log import CLOCK_MARGIN, Interval, LogFormat, Placer, Window
from .comparison import LineBalance, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

POLL_TIMEOUT_MS = 10_000
FLUME_EVENT = fastavro.parse_schema(
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


class Topic:
    """A web host's topic, each record read once: every poll goes on to the new end."""

    def __init__(
        self,
        config: Mapping[str, Any],
        log_format: LogFormat,
        interval: Interval,
        expected: Mapping[str, int],
    ) -> None:
        self._interval = interval
        self._balance = LineBalance(f"Kafka topic {config['topic']}", expected)
        self._malformed: Counter[Window] = Counter()
        self._end = interval.end
        self._consumer = consumer(config)
        partitions = self._consumer.partitions_for_topic(config["topic"])
        if not partitions:
            message = f"Kafka at {config['bootstrap_servers']} has no topic {config['topic']}"
            raise LookupError(message)
        self._placers = {TopicPartition(config["topic"], number): Placer(log_format) for number in partitions}
        self._seek((interval.start - CLOCK_MARGIN) * 1000)

    def _seek(self, timestamp: int) -> None:
        """Start at the first record since the timestamp (epoch ms), it may be still to come."""
        partitions = list(self._placers)
        self._consumer.assign(partitions)
        ends = self._consumer.end_offsets(partitions)
        first = self._consumer.offsets_for_times(dict.fromkeys(partitions, timestamp))
        for partition in partitions:
            found = first.get(partition)
            self._consumer.seek(partition, found.offset if found else ends[partition])

    def poll(self) -> Stage:
        """Read what is new, and tell what is lost and double by now."""
        ends = self._consumer.end_offsets(list(self._placers))
        while any(self._consumer.position(partition) < end for partition, end in ends.items()):
            fetched = self._consumer.poll(timeout_ms=POLL_TIMEOUT_MS)
            for partition, records in fetched.items():
                for record in records:
                    self._add(self._placers[partition], record.timestamp, record.value)
            if not fetched:  # a broker is away: the next poll goes on from here
                break
        return self._balance.stage()

    def _add(self, placer: Placer, timestamp: int, value: bytes) -> None:
        """Take in one record and its timestamp (epoch ms)."""
        placed = placer.place(event_body(value))
        inside = placed is not None and placed.time in self._interval
        if placed and inside:
            self._balance.add(placed.line)
        if placed is None or placed.request is None:
            window = self._interval.window_at(timestamp / 1000)
            self._malformed[window] += 1
            if inside:
                self._end = max(self._end, window.end)

    @property
    def malformed_until(self) -> int:
        """The end (epoch seconds) of the last window that counts a line of the interval."""
        return self._end

    def malformed(self) -> dict[Window, int]:
        """Lines that do not parse, by the window of their Kafka timestamp, as the job counts."""
        start, end = self._interval.start, self._end
        return {window: n for window, n in self._malformed.items() if start <= window.start < end}


def consumer(config: Mapping[str, Any]) -> KafkaConsumer:
    """Make a consumer that leaves no trace: no group, no commits, no topic made by asking for it.

    Java's names for properties (security.protocol) become kafka-python's (security_protocol);
    it refuses those that it does not know.
    """
    properties = {name.replace(".", "_"): value for name, value in config["client_properties"].items()}
    return KafkaConsumer(
        bootstrap_servers=config["bootstrap_servers"],
        group_id=None,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        max_poll_records=10_000,
        **properties,
    )


def event_body(value: bytes) -> str:
    """Return the line in a record of Flume's Kafka channel: bare Avro, a map of headers and a body."""
    event: Any = fastavro.schemaless_reader(BytesIO(value), FLUME_EVENT, None)
    return event["body"].decode("utf-8", "replace")
