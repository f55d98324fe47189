"""What the lab's hosts are asked, each once, all side by side; nothing is changed."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from document import DOCUMENT, LOAD, PROJECT, SENTENCE, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rendering import Deployment

JAVA = "/usr/lib/jvm/java-11-openjdk-amd64"
STORAGE = "/hadoop/logs/kafka/data/kraft-combined-logs/meta.properties"
POSTGRESQL = "/etc/postgresql/13/main"
TOPIC = next(block["topic"] for block in DOCUMENT["config"] if "topic" in block)
DATABASE = next(block for block in DOCUMENT["config"] if "database" in block)
JARS = {
    "hadoop": "/usr/local/hadoop/share/hadoop/common/hadoop-common-*.jar",
    "kafka": "/usr/local/kafka/libs/kafka_2.13-*.jar",
    "flume": "/usr/local/flume/lib/flume-ng-core-*.jar",
    "flink": "/usr/local/flink/lib/flink-scala_2.12-*.jar",
}
COLUMNS = """
SELECT json_object_agg(table_name, columns) FROM (
  SELECT table_name, json_agg(json_build_array(column_name, data_type, is_nullable, column_default)
    ORDER BY ordinal_position)
    AS columns
  FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name) AS found
"""
KEYS = """
SELECT json_agg(json_build_array(conrelid::regclass::text, conname, contype, (
  SELECT json_agg(attname ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
  JOIN pg_attribute ON attrelid = conrelid AND attnum = number)))
FROM pg_constraint WHERE contype IN ('p', 'u') AND connamespace = 'public'::regnamespace
"""
#: How many Flink sessions run on YARN, and the names of the jobs that run in them.
JOBS = """
import json, urllib.request
def get(path):
    return json.load(urllib.request.urlopen("http://hadoop01:8088" + path, timeout=10))
found = (get("/ws/v1/cluster/apps?states=RUNNING&applicationTypes=Apache%20Flink")["apps"] or {"app": []})["app"]
jobs = [job for app in found for job in get("/proxy/" + app["id"] + "/jobs/overview")["jobs"]]
print(json.dumps([len(found), [job["name"] for job in jobs if job["state"] == "RUNNING"]]))
"""
#: Run on the host: answers everything that ASK, set above it, asks for.
PROBE = """
import glob, grp, json, os, pwd, subprocess
def look(path):
    try:
        stat = os.stat(path)
        user, group = pwd.getpwuid(stat.st_uid).pw_name, grp.getgrgid(stat.st_gid).gr_name
        text = open(path, encoding="utf-8", errors="replace").read() if os.path.isfile(path) else ""
        return {"text": text, "owner": user, "group": group, "mode": "%04o" % (stat.st_mode & 0o7777)}
    except FileNotFoundError:
        return None
def run(argv):
    done = subprocess.run(argv, cwd="/", env={**os.environ, **ASK["environment"]}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    return {"rc": done.returncode, "out": done.stdout}
print(json.dumps({
    "files": {path: look(path) for path in ASK["files"]},
    "links": {path: os.readlink(path) for path in ASK["links"] if os.path.islink(path)},
    "jars": {name: glob.glob(pattern) for name, pattern in ASK["jars"].items()},
    "commands": {name: run(argv) for name, argv in ASK["commands"].items()},
}))
"""


def psql(query: str) -> list[str]:
    """Return the command that asks PostgreSQL, as its own superuser."""
    return ["runuser", "-u", "postgres", "--", "psql", "-d", DATABASE["database"], "-AtX", "-c", query]


def commands() -> dict[str, dict[str, list[str]]]:
    """Return what each host is asked to run, by a name for it."""
    show = ["systemctl", "show", "--property=Id,ActiveState,UnitFileState,NeedDaemonReload"]
    units = [f"{unit}.service" for unit in [*UNITS.values(), "postgresql@13-main"]]
    everywhere = {"addresses": ["hostname", "-I"], "units": [*show, *units]}
    venvs = {name: f"{PROJECT}/{name}/.venv/bin" for name in ("webapp", "loadtest")}
    connect = (
        f"import psycopg2; psycopg2.connect(host='db01', dbname='{DATABASE['database']}', user='{DATABASE['user']}',"
    )
    curl = ["curl", "--silent", "--show-error", "--fail"]
    apart = {
        "web01": {
            "nginx files": ["nginx", "-T"],
            "nginx": ["nginx", "-v"],
            "gunicorn": [f"{venvs['webapp']}/gunicorn", "--version"],
            "python": [f"{venvs['webapp']}/python", "--version"],
            "locust": [f"{venvs['loadtest']}/locust", "--version"],
            "java": [f"{JAVA}/bin/java", "-version"],
            "load": [f"{venvs['loadtest']}/python", "-c", LOAD, f"{PROJECT}/webapp/tests/locustfile.py"],
            "words": [
                *curl,
                "--header",
                "Content-Type: application/json",
                "--data",
                json.dumps({"raw": SENTENCE}),
                "http://web01",
            ],
        },
        "hadoop02": {
            "topic": [
                *("/usr/local/kafka/bin/kafka-topics.sh", "--bootstrap-server", "hadoop02:9092"),
                *("--command-config", "/usr/local/kafka/config/client.properties", "--describe", "--topic", TOPIC),
            ]
        },
        "hadoop04": {
            "login": ["/usr/local/lib/flink-venv/bin/python", "-c", f"{connect} password='{DATABASE['password']}')"],
            "jobs": ["python3", "-c", JOBS],
        },
        "db01": {
            "postgresql": psql("SHOW server_version"),
            "hash": psql(f"SELECT split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolname = '{DATABASE['user']}'"),
            "owner": psql(f"SELECT datdba::regrole FROM pg_database WHERE datname = '{DATABASE['database']}'"),
            "columns": psql(COLUMNS),
            "keys": psql(KEYS),
        },
    }
    return {host: everywhere | apart.get(host, {}) for host in DOCUMENT["hosts"]}


def ask(deployment: Deployment, host: str, ssh_config: str, files: Iterable[str]) -> dict[str, Any]:
    """Return what PROBE prints of a host; raises CalledProcessError if it is not reached."""
    made = [call.args for call in deployment.calls(host, "ansible.builtin.file")]
    links = {args["dest"]: args["src"] for args in made if args.get("state") == "link"}
    folders = {args["path"] for args in made if args.get("state") == "directory"}
    short = {path.replace(to, at, 1) for path in files for at, to in links.items() if path.startswith(to)}
    wanted = {
        "files": sorted({*files, *folders, *short, STORAGE, POSTGRESQL}),
        "links": list(links),
        "jars": JARS,
        "commands": commands()[host],
        "environment": {"JAVA_HOME": JAVA, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    }
    command = ["ssh", "-F", ssh_config, host, "python3", "-"]
    done = subprocess.run(command, input=f"ASK = {wanted!r}\n{PROBE}", check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def ask_all(deployment: Deployment, files: dict[str, Iterable[str]]) -> dict[str, dict[str, Any]]:
    """Return what each host says."""
    ssh_config = deployment.hostvars[deployment.hosts[0]]["lab_state_dir"] + "/ssh_config"
    with ThreadPoolExecutor() as pool:
        told = pool.map(lambda host: ask(deployment, host, ssh_config, files[host]), deployment.hosts)
        return dict(zip(deployment.hosts, told, strict=True))
