"""The format access-log: its own tests, its build, and that it reads a line as the verification does."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from checksums import source_jar
from templates import ROOT
from verification import flume_event
from verification.line_format import LineFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = ROOT / "files/log_analysis/format"
CACHE = Path.home() / ".cache/log-analysis"
FIELDS = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())["access_log_fields"]
LOG_FORMAT = " ".join(field["format"] for field in FIELDS)
LINE = '10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] "GET /a?b=c HTTP/1.1" 200 612 0.004 "-" "curl/7.74.0"'
OTHER_FORMAT = '$request_id "$http_user_agent $remote_user" $time_local|$request_time|$status "$request" $remote_addr'
OTHER_LINE = '0f3c "curl a b" 29/Feb/2024:13:55:36 -0730|12.345|404 "GET / HTTP/1.1" ::1'
PIECES = (
    *(
        '"',
        " ",
        " [",
        "]",
        '] "',
        "-",
        "0",
        "12",
        ".",
        "/",
        "?",
        "a",
        "\0",
        "\n",
        "\x1f",
        "\x85",
        "\u2028",
        "€",
        "😀",
        "\u0660",
    ),
    *("31/Feb/2026:13:55:36 +0000", "GET / HTTP/1.1", "HTTP/1.1", "x" * 120, "é" * 101),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xe0\x80\x80"),
)
JAR_GOALS = ("resources:resources", "compiler:compile", "jar:jar")

pytestmark = pytest.mark.skipif(not shutil.which("mvn"), reason="there is no mvn in PATH; ./lab installs it")


def maven(work: Path, *goals: str) -> None:
    """Run Maven as the role artifact_cache does, with its repository, and without a network if that has everything."""
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [
        "flock",
        f"{CACHE}/m2.lock",
        "mvn",
        "--batch-mode",
        "--no-transfer-progress",
        f"--file={PROJECT}/pom.xml",
    ]
    command += [f"-Dmaven.repo.local={CACHE}/m2", f"-Dwork={work}", *goals]
    done = subprocess.run([*command, "--offline"], stdout=subprocess.PIPE, text=True)
    if done.returncode and "offline" in done.stdout:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a build whose tests have passed."""
    work = tmp_path_factory.mktemp("format")
    maven(work, "package")
    return work


def test_its_own_tests_pass(tested: Path) -> None:
    reports = [path.read_text() for path in (tested / "surefire-reports").glob("*.xml")]
    sources = list((PROJECT / "src/test").rglob("*Test.java"))
    assert len(reports) == len(sources) > 0


def test_the_same_sources_make_the_same_jar(tested: Path, tmp_path: Path) -> None:
    maven(tmp_path, *JAR_GOALS)
    name = f"{source_jar(str(PROJECT), str(CACHE))['name']}.jar"
    assert (tmp_path / name).read_bytes() == (tested / name).read_bytes()


def test_the_role_builds_it_by_the_same_goals() -> None:
    (block,) = (
        task for task in yaml.safe_load((ROOT / "roles/artifact_cache/tasks/build.yml").read_text()) if "block" in task
    )
    assert block["block"][0]["vars"]["__artifact_cache_goals"] == list(JAR_GOALS)


def rows(tested: Path, log_format: str, records: Sequence[bytes]) -> list[dict[str, str]]:
    """Return the rows that the format makes, without what is NULL."""
    jars = [
        *CACHE.glob("m2/org/apache/flink/flink-*/1.17.1/*.jar"),
        *CACHE.glob("m2/org/slf4j/slf4j-[an]*/1.7.36/*.jar"),
    ]
    path = ":".join(map(str, [tested / "classes", tested / "test-classes", *jars]))
    command = ["java", "-cp", path, "loganalysis.format.PrintRows", log_format]
    given = "".join(f"{record.hex()}\n" for record in records)
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True)
    found = [[field.split("=") for field in line.split()] for line in done.stdout.split("\n")[:-1]]
    return [{name: bytes.fromhex(value).decode() for name, value in row} for row in found]


def mutated(line: str, source: random.Random) -> bytes:
    """Return the line with a few pieces replaced by others."""
    body = line.encode()
    for _ in range(source.choice((0, 1, 1, 1, 2, 3))):
        at, piece = source.randrange(len(body) + 1), source.choice(PIECES)
        body = body[:at] + (piece if isinstance(piece, bytes) else piece.encode()) + body[at + source.randrange(3) :]
    return body


def expected(line_format: LineFormat, record: bytes) -> dict[str, str]:
    """Return the row by the verification's own parser, without what is NULL."""
    line = flume_event.decode(record)
    request = line_format.parse(line) if line is not None else None
    if request is None:
        text = (
            record.decode("utf-8", "replace")
            if line is None
            else line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )
        return {"malformed": text.replace("\0", "")[:1000]}
    values = {
        "event_time": datetime.fromtimestamp(request.time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
        "request_ms": request.request_ms,
        "status": request.status,
        "body_bytes": request.body_bytes,
        "method": request.method,
        "path": request.path,
        "client": request.client,
        "agent": request.agent,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


@pytest.mark.parametrize(("log_format", "line"), [(LOG_FORMAT, LINE), (OTHER_FORMAT, OTHER_LINE)], ids=["own", "other"])
def test_a_line_is_read_as_the_verification_reads_it(tested: Path, log_format: str, line: str) -> None:
    source = random.Random(20261010)
    bodies = [line.encode(), *(mutated(line, source) for _ in range(6000))]
    records = [flume_event.encode(body) for body in bodies]
    # Some that are no events: cut off, or with something after them.
    records += [record[: source.randrange(len(record))] for record in records[:500]] + [
        record + b"\0" for record in records[:50]
    ]
    line_format = LineFormat(log_format, "heartbeat")
    found = rows(tested, log_format, records)
    good = 0
    for record, row in zip(records, found, strict=True):
        row.pop("request_id", None)
        if len(row.get("event_time", "")) == len("2026-10-10T13:55"):
            row["event_time"] += ":00"  # Java omits seconds that are 0.
        assert row == expected(line_format, record), record
        good += "malformed" not in row
    assert good > 1000
