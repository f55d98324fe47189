"""Runs on a host of the lab, with the verification's modules: writes lines to a topic, or watches one.

kafka_lines.py write SERVERS TOPIC COUNT       write generated lines as Flume does
kafka_lines.py watch SERVERS TOPIC GROUP LINES LOG
    append the file LINES to LOG; print after how many seconds Kafka has as many records, and after how many the
    consumer group has committed them
"""

from __future__ import annotations

import shutil
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from lines import access_log
from verification.flume_event import encode

GIVE_UP_SECONDS = 600


def write(servers: str, topic: str, count: str) -> None:
    """Write the lines to partition 0, each a second after its own time."""
    producer = KafkaProducer(bootstrap_servers=servers.split(","), linger_ms=50, batch_size=2**19)
    for second, line in access_log(int(count)):
        producer.send(topic, encode(line), partition=0, timestamp_ms=1000 * (second + 1))
    producer.flush()
    producer.close()


def watch(servers: str, topic: str, group: str, lines: str, log: str) -> None:
    """Append and wait. A group named - is not waited for. Raises TimeoutError."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=servers.split(","), group_id=None if group == "-" else group)
    with open(lines, "rb") as source:  # noqa: PTH123
        count = sum(1 for _ in source)
    start = time.monotonic()
    with open(lines, "rb") as source, open(log, "ab") as target:  # noqa: PTH123
        shutil.copyfileobj(source, target, 2**20)
    wanted = [lambda: consumer.end_offsets([partition])[partition]]
    if group != "-":
        wanted.append(lambda: consumer.committed(partition) or 0)
    for offset in wanted:
        while offset() < count:
            if time.monotonic() - start > GIVE_UP_SECONDS:
                message = f"{offset()} of {count} lines after {GIVE_UP_SECONDS} s"
                raise TimeoutError(message)
            time.sleep(0.1)
        print(round(time.monotonic() - start, 2))


if __name__ == "__main__":
    {"write": write, "watch": watch}[sys.argv[1]](*sys.argv[2:])
