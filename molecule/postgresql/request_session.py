"""Request a session from this host's PostgreSQL server with a chosen source address, and print the response.

libpq cannot choose its source address. Arguments: the address, the user and the database. Sends the startup message of
protocol version 3.0 (PostgreSQL's manual, "Message Formats"). The response is an error (E and its fields) or a request
for authentication (R).
"""

from __future__ import annotations

import socket
import struct
import sys

source, user, database = sys.argv[1:]
parameters = b"".join(text.encode() + b"\0" for text in ("user", user, "database", database, ""))
with socket.create_connection(("127.0.0.1", 5432), timeout=10, source_address=(source, 0)) as server:
    server.sendall(struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters)
    sys.stdout.write(server.recv(10000).decode(errors="replace").replace("\0", "\n"))
