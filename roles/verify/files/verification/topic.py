"""The web host's lines in its Kafka topic."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition

from . import flume_event
from .comparison import LineReconciliation, Stage
from .line_format import MILLISECONDS, LineFormat, LineTimestamper
from .windows import CLOCK_MARGIN, Interval, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

POLL_TIMEOUT_MS = 10_000


class Topic:
    """A web host's topic. Each record is read once: every poll goes on to the new end."""

    def __init__(
        self,
        config: Mapping[str, Any],
        line_format: LineFormat,
        interval: Interval,
        expected: Mapping[str, int],
    ) -> None:
        self._interval = interval
        self._reconciliation = LineReconciliation(f"Kafka topic {config['topic']}", expected)
        self._malformed: Counter[Window] = Counter()
        self._foreign = 0
        self._end = interval.end
        self._consumer = consumer(config)
        partitions = self._consumer.partitions_for_topic(config["topic"])
        if not partitions:
            message = f"Kafka at {config['bootstrap_servers']} has no topic {config['topic']}"
            raise LookupError(message)
        self._timestampers = {
            TopicPartition(config["topic"], number): LineTimestamper(line_format) for number in partitions
        }
        self._seek((interval.start - CLOCK_MARGIN) * MILLISECONDS)

    def _seek(self, timestamp: int) -> None:
        """Start at the first record since the timestamp (epoch ms), which may not have arrived yet."""
        partitions = list(self._timestampers)
        self._consumer.assign(partitions)
        ends = self._consumer.end_offsets(partitions)
        first = self._consumer.offsets_for_times(dict.fromkeys(partitions, timestamp))
        for partition in partitions:
            found = first.get(partition)
            self._consumer.seek(partition, found.offset if found else ends[partition])

    def poll(self) -> Stage:
        """Read the new records, and return what is missing and duplicate by now."""
        ends = self._consumer.end_offsets(list(self._timestampers))
        while any(self._consumer.position(partition) < end for partition, end in ends.items()):
            fetched = self._consumer.poll(timeout_ms=POLL_TIMEOUT_MS)
            for partition, records in fetched.items():
                for record in records:
                    self._add(self._timestampers[partition], record.timestamp, record.value)
            if not fetched:  # a broker does not answer: the next poll goes on from here
                break
        return self._reconciliation.stage()

    def _add(self, timestamper: LineTimestamper, timestamp: int, value: bytes | None) -> None:
        """Process one record and its timestamp (epoch ms)."""
        window = self._interval.window_at(timestamp / MILLISECONDS)
        line = flume_event.decode(value)
        if line is None:  # It is no line of the log, nor one that is in the topic twice.
            self._malformed[window] += 1
            self._foreign += window.start in self._interval
            return
        timestamped = timestamper.timestamp(line)
        inside = timestamped.time in self._interval
        if inside:
            self._reconciliation.add(timestamped.line)
        if timestamped.request is None:
            self._malformed[window] += 1
            if inside:
                self._end = max(self._end, window.end)

    @property
    def notes(self) -> list[str]:
        """How many of the interval's records are not Flume's, by their Kafka timestamps, if there are any."""
        return [f"{self._foreign} records in the topic are no events of Flume's: malformed."] if self._foreign else []

    @property
    def malformed_until(self) -> int:
        """The end (epoch seconds) of the last window that counts a line of the interval."""
        return self._end

    def malformed(self) -> dict[Window, int]:
        """Malformed lines by the window of their Kafka timestamp, as the job counts them."""
        start, end = self._interval.start, self._end
        return {window: n for window, n in self._malformed.items() if start <= window.start < end}


def consumer(config: Mapping[str, Any]) -> KafkaConsumer:
    """Create a consumer without side effects: no group, no commits, no automatic creation of topics.

    Java's property names (security.protocol) become kafka-python's (security_protocol), which
    raises an error for those that it does not know.
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
