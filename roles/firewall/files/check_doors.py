"""Connect to ports of other hosts, all at once, and print those that do not answer.

Reads a list of doors (service, host, address, port) as JSON. A refused connection is an answer: the packet has arrived
where nothing listens yet.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

TIMEOUT_SECONDS = 5
AT_ONCE = 200


async def failure(door: dict[str, Any], slots: asyncio.Semaphore) -> str:
    """Return why a door does not answer; nothing if it does."""
    async with slots:
        try:
            opening = asyncio.open_connection(door["address"], door["port"])
            _, writer = await asyncio.wait_for(opening, TIMEOUT_SECONDS)
            writer.close()
        except ConnectionError:
            return ""
        except asyncio.TimeoutError:
            return f"no answer in {TIMEOUT_SECONDS} s"
        except OSError as error:
            return str(error.strerror or error)
        return ""


async def main() -> None:
    """Print one line for each door that does not answer."""
    doors, slots = json.load(sys.stdin), asyncio.Semaphore(AT_ONCE)
    for door, text in zip(doors, await asyncio.gather(*(failure(door, slots) for door in doors))):
        if text:
            print(f"{door['host']} ({door['address']}) port {door['port']} ({door['service']}): {text}")


asyncio.run(main())
