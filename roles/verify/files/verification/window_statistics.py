"""The statistics of one window's requests, computed without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass
class WindowStatistics:
    """A window's requests: their count and their request times in ms, summed without rounding.

    A product of sums has at most 28 digits (Decimal's precision) up to 10^7 requests of 1000 s.
    """

    count: int = 0
    minimum: Decimal = Decimal("Infinity")
    maximum: Decimal = Decimal("-Infinity")
    total: Decimal = Decimal(0)
    squares: Decimal = Decimal(0)

    def add(self, request_time: Decimal) -> None:
        """Count one request by its request_time in ms."""
        self.count += 1
        self.minimum = min(self.minimum, request_time)
        self.maximum = max(self.maximum, request_time)
        self.total += request_time
        self.squares += request_time * request_time

    @property
    def mean(self) -> float:
        """Arithmetic mean in ms."""
        return float(self.total / self.count)

    @property
    def std_dev(self) -> float:
        """Population standard deviation in ms: sqrt(n * sum(x^2) - sum(x)^2) / n."""
        squared = self.count * self.squares - self.total * self.total
        return float(max(squared, Decimal(0)).sqrt() / self.count)
