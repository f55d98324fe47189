"""Check that Kafka was restarted node by node under load, and that no acknowledged message is missing.

Standard input is JSON: `before` and `after`, by host what systemd says of kafka.service; `producer`, the lines that
Kafka's VerifiableProducer has printed; `messages`, the lines that a consumer has read.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone


def parse_time(timestamp: str) -> datetime:
    """Return the time of systemd's `Wed 2026-11-25 14:00:00 UTC`."""
    return datetime.strptime(timestamp, "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=timezone.utc)


given = json.load(sys.stdin)
sent = [json.loads(line) for line in given["producer"] if "producer_send_success" in line]
sent_at = [datetime.fromtimestamp(message["timestamp"] // 1000, timezone.utc) for message in sent]
outages = sorted(
    (parse_time(unit["ActiveExitTimestamp"]), parse_time(unit["ActiveEnterTimestamp"]))
    for unit in given["after"].values()
)

for host, unit in given["after"].items():
    assert unit["InvocationID"] != given["before"][host]["InvocationID"], f"{host} was not restarted"
assert all(up <= down for (_, up), (down, _) in zip(outages, outages[1:])), f"two nodes were down at once: {outages}"
assert sent_at[0] < outages[0][0], "the producer started too late"
assert sent_at[-1] > outages[-1][1], "the producer ended too early"
assert not any("NotEnoughReplicas" in line for line in given["producer"]), "fewer than two replicas were in sync"
missing = {message["value"] for message in sent} - set(given["messages"])
assert not missing, f"acknowledged, but missing: {sorted(missing)}"
