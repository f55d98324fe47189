"""Windows of event time: their bounds, and the interval of whole windows that is verified."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

# Seconds by which the clocks of two hosts may differ. Records and files are read from this long before the interval.
CLOCK_MARGIN = 60


class Window(NamedTuple):
    """A window's start (inclusive) and end (exclusive) in epoch seconds."""

    start: int
    end: int

    def __str__(self) -> str:
        """Both in ISO 8601."""
        return f"{iso(self.start)} to {iso(self.end)}"


@dataclass(frozen=True)
class Interval:
    """Whole windows, aligned to the epoch as Flink's are. All in seconds."""

    start: int
    end: int
    window_seconds: int

    @classmethod
    def covering(cls, since: float, until: float, window_seconds: int) -> Interval:
        """Return the fewest whole windows that contain the instants since and until (epoch seconds).

        Raises ValueError if until is before since.
        """
        if until < since:
            message = f"until ({iso(until)}) is before since ({iso(since)})"
            raise ValueError(message)
        start = math.floor(since / window_seconds) * window_seconds
        end = (math.floor(until / window_seconds) + 1) * window_seconds
        return cls(start, end, window_seconds)

    def __contains__(self, time: float | None) -> bool:
        """Whether an instant (epoch seconds) lies in the interval; none does not."""
        return time is not None and self.start <= time < self.end

    def window_at(self, time: float) -> Window:
        """Return the window in which an instant (epoch seconds) lies, inside the interval or not."""
        start = math.floor(time / self.window_seconds) * self.window_seconds
        return Window(start, start + self.window_seconds)


def iso(time: float) -> str:
    """Epoch seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, timezone.utc).isoformat().replace("+00:00", "Z")


def instant(text: str) -> float:
    """Epoch seconds from epoch seconds or ISO 8601 (UTC unless it names an offset). Raises ValueError."""
    try:
        return float(text)
    except ValueError:
        parsed = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()
