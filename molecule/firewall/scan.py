"""Connect to ports of hosts, all at once, and print as JSON which of them answer, by host.

usage: scan.py {"HOST": [PORT, ...], ...}
"""

from __future__ import annotations

import asyncio
import json
import sys


async def answers(host: str, port: int) -> bool:
    """Return whether a port answers, if only to refuse."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
        writer.close()
    except ConnectionRefusedError:
        return True
    except (OSError, asyncio.TimeoutError):
        return False
    return True


async def main() -> None:
    """Scan what the command line asks for."""
    found = {}
    for host, ports in json.loads(sys.argv[1]).items():
        answered = await asyncio.gather(*(answers(host, port) for port in ports))
        found[host] = [port for port, answer in zip(ports, answered) if answer]
    print(json.dumps(found))


asyncio.run(main())
