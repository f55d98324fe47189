"""Accept connections on TCP ports, given as arguments, and close them; a port that is in use is left to its owner."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    with contextlib.suppress(OSError):
        selector.register(socket.create_server(("", port)), selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
