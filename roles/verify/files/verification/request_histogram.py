"""Buckets of request times: exact below 64 ms, at most a 32nd of their lower bound wide above, and an open last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXACT_BELOW = 64  # ms
LAST = 1 << 22  # ms
PERCENTILES = (50, 95, 99)


def width(lower: int) -> int:
    """Return the width of the bucket that begins at `lower` (ms)."""
    return 1 if lower < EXACT_BELOW else 1 << (lower.bit_length() - 6)


def bucket(request_ms: int) -> int:
    """Return the lower bound (ms) of the bucket in which a request time (ms) is."""
    if request_ms >= LAST:
        return LAST
    return request_ms - request_ms % width(request_ms)


def percentile(times: Mapping[int, int], percent: int) -> int:
    """Return the smallest request time (ms) that at least so many percent of the requests do not exceed.

    times has the number of requests by request time, and has some.
    """
    rank = -(-sum(times.values()) * percent // 100)  # rounded up
    for request_ms in sorted(times):
        rank -= times[request_ms]
        if rank <= 0:
            return request_ms
    message = "there are no request times"
    raise ValueError(message)


def near(value: float, exact: int) -> bool:
    """Whether a value (ms) that was read from buckets is as near to the exact one (ms) as their middles are."""
    if exact >= LAST:
        return value >= LAST
    return abs(value - exact) <= (width(bucket(exact)) - 1) / 2
