"""The statistics of one window's requests, computed without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass
class WindowStatistics:
    """A window's requests: their count and their request times in whole ms, summed without rounding."""

    count: int = 0
    minimum: int = 0
    maximum: int = 0
    total: int = 0
    squares: int = 0

    def add(self, request_ms: int) -> None:
        """Count one request by its request time in ms."""
        self.minimum = min(self.minimum, request_ms) if self.count else request_ms
        self.maximum = max(self.maximum, request_ms)
        self.count += 1
        self.total += request_ms
        self.squares += request_ms * request_ms

    @property
    def mean(self) -> float:
        """Arithmetic mean in ms."""
        return self.total / self.count

    @property
    def std_dev(self) -> float:
        """Population standard deviation in ms: sqrt(n * sum(x^2) - sum(x)^2) / n."""
        squared = self.count * self.squares - self.total * self.total
        return float(Decimal(squared).sqrt() / self.count)
