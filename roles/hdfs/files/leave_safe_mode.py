"""Let the NameNode leave safe mode once its disk has space again.

A NameNode whose disk is nearly full enters safe mode, and leaves it only when it is told to:
https://issues.apache.org/jira/browse/HDFS-17231. A timer runs this program, as the user of HDFS. Any other reason for
safe mode is left alone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from urllib.request import ProxyHandler, build_opener

#: Twice what Hadoop wants to be free (dfs.namenode.resource.du.reserved), in bytes.
FREE = 200 * 1024**2
#: What the NameNode says of this safe mode, and of no other.
LOW = "Resources are low"


def safe_mode(url: str) -> str:
    """Return what the NameNode at `url` says of its safe mode; empty if it is in none."""
    query = f"{url}/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
    # Never by a proxy that the environment names.
    with build_opener(ProxyHandler({})).open(query, timeout=10) as answer:
        return str(json.load(answer)["beans"][0]["Safemode"])


def main() -> None:
    """Leave safe mode if the disk is the reason, and no longer is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the NameNode's web page")
    parser.add_argument("directory", help="of the NameNode's data")
    parser.add_argument("hdfs", nargs="+", help="command that runs Hadoop's client of HDFS")
    arguments = parser.parse_args()
    try:
        state = safe_mode(arguments.url)
    except OSError as error:
        # It does not run, or starts just now.
        sys.stdout.write(f"{arguments.url}: {error}\n")
        return
    if LOW in state and shutil.disk_usage(arguments.directory).free > FREE:
        subprocess.run([*arguments.hdfs, "dfsadmin", "-safemode", "leave"], check=True)
        sys.stdout.write("left safe mode: the disk has space again\n")


if __name__ == "__main__":
    main()
