"""Ask the PostgreSQL server of this host for a session from an address of its own, and print what it answers.

libpq cannot choose the address that it comes from. Arguments: the address, the user and the database. What is sent is
the startup message of the protocol's version 3.0 (PostgreSQL's manual, "Message Formats"), what comes back is a refusal
(E, with its fields) or the question for the password (R).
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
