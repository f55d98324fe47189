"""Write one of the topic's lines into it again, and a copy of the access log with another line twice.

usage: plant.py CONFIG.json SINCE COPY, with the verification's configuration and packages; SINCE in epoch seconds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kafka import KafkaProducer, TopicPartition
from verification import flume_event
from verification.topic import consumer

config = json.loads(Path(sys.argv[1]).read_text())
topic = TopicPartition(config["kafka"]["topic"], 0)
records = consumer(config["kafka"])
records.assign([topic])
records.seek(topic, records.offsets_for_times({topic: round(float(sys.argv[2]) * 1000)})[topic].offset)
requests = (record.value for record in records if b'"POST / ' in record.value)

duplicate = next(requests)
KafkaProducer(bootstrap_servers=config["kafka"]["bootstrap_servers"]).send(topic.topic, duplicate, partition=0).get(30)
missing = flume_event.decode(next(request for request in requests if request != duplicate))
Path(sys.argv[3]).write_bytes(Path(config["access_log"]).read_bytes() + f"{missing}\n".encode())
