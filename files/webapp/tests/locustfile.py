"""The load: each user chooses a number from 1 to 100 at random and sends that many random sentences.

locust --headless --host http://web01 --users 100 --spawn-rate 5 --run-time 10m --locustfile tests/locustfile.py
"""

from __future__ import annotations

import random
from http import HTTPStatus
from pathlib import Path

import gevent
from locust import FastHttpUser, constant, events, stats, task

SENTENCES = (Path(__file__).resolve().parents[1] / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()


@events.quitting.add_listener
def wait_for_the_last_statistics(**_: object) -> None:
    """Wait for the CSV files: Locust writes them every second, but not at its end."""
    gevent.sleep(2 * stats.CSV_STATS_INTERVAL_SEC)


class Reader(FastHttpUser):
    """Sends without a pause. A response fails unless its status is 200 and its words join to the sentence."""

    wait_time = constant(0)

    @task
    def read(self) -> None:
        """Send 1 to 100 sentences."""
        for _ in range(random.randint(1, 100)):
            self.segment(random.choice(SENTENCES))
            self.wait()  # where Locust ends the user after the test: between two requests

    def segment(self, sentence: str) -> None:
        """Send one sentence and check the answer. There are few reasons for a failure, so that Locust groups them."""
        with self.client.post("/", json={"raw": sentence}, catch_response=True) as response:
            if response.status_code == 0:
                return  # no answer: Locust has recorded the error
            if response.status_code != HTTPStatus.OK:
                response.failure(f"status {response.status_code}")
                return
            try:
                joined = "".join(response.json()["words"])
            except (ValueError, KeyError, TypeError):
                response.failure("the answer is not a JSON object with words")
                return
            if joined != sentence:
                response.failure("the words do not join to the sentence")
