"""What the verification takes for a line and for a record of the topic: the analysis takes the same, by other means."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import fastavro
import pytest
from test_verify import FORMAT, LOG_FORMAT, MALFORMED, START, line
from verification import flume_event
from verification.line_format import MONTHS, LineFormat, LineTimestamper, Request, text_lines

MINIMAL = '$time_local $request_time "$http_user_agent"'


def changed(old: str, new: str) -> str:
    """Return a good line with one change."""
    assert line(0).count(old) == 1, old
    return line(0).replace(old, new)


def parsed(text: str) -> Request:
    """Return the request of a line that has to have one."""
    request = FORMAT.parse(text)
    assert request, text
    return request


def test_a_line_holds_a_request() -> None:
    assert parsed(line(61, "0.123")) == (START + 61, 123, False, 200, 93, "POST", "/", "10.0.0.1", "locust")
    assert parsed(line(0, agent="heartbeat")).heartbeat
    assert parsed(line(0, "999999999.999")).request_ms == 999_999_999_999
    assert parsed(changed(" 93 ", f" {10**18 - 1} ")).body_bytes == 10**18 - 1


@pytest.mark.parametrize(
    ("zone", "seconds"), [("+0100", -3600), ("-0330", 12600), ("+2359", -86340), ("-0000", 0), ("-2300", 82800)]
)
def test_utc_offsets_are_respected(zone: str, seconds: int) -> None:
    assert parsed(line(0, zone=zone)).time == START + seconds


BROKEN = [
    "",
    MALFORMED,
    line(0) + " more",
    line(0) + "\r",
    line(0) + "\n",
    line(0) + "\u2028",
    " " + line(0),
    line(0)[:-1],
    changed("22/Nov", "31/Nov"),
    changed("22/Nov", "30/Feb"),
    changed("22/Nov/2026", "29/Feb/2026"),
    changed("22/Nov/2026", "29/Feb/1900"),
    changed("22/Nov", "00/Nov"),
    changed("22/Nov", "22/NOV"),
    changed("22/Nov", "22/Okt"),
    changed("22/Nov", "٢٢/Nov"),  # digits of another script
    changed("22/Nov", "2/Nov"),
    changed("22:00:00 +", "24:00:00 +"),
    changed("22:00:00 +", "22:60:00 +"),
    changed("22:00:00 +", "22:00:60 +"),
    changed("+0000", "+2400"),
    changed("+0000", "+0060"),
    changed("+0000", "0000"),
    changed("2026", "0000"),
    changed(" 0.012 ", " - "),
    changed(" 0.012 ", " 0.12 "),
    changed(" 0.012 ", " 1234567890.012 "),
    changed(" 93 ", " - "),
    changed(" 93 ", f" {10**18} "),
    changed(" 200 ", " 20 "),
    changed(" 200 ", " \uff12\uff10\uff10 "),
    changed("10.0.0.1", ""),
    changed("10.0.0.1", "10.0.0.1\t"),
    changed("10.0.0.1", "10.0.0.1\0"),
    changed("POST /", 'POST "/'),
    changed("locust", "locu\udcffst"),  # a byte that is not UTF-8
]


@pytest.mark.parametrize("text", BROKEN)
def test_malformed_lines_do_not_parse(text: str) -> None:
    assert FORMAT.parse(text) is None


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        (changed("10.0.0.1", "2001:db8::1"), "client", "2001:db8::1"),
        (changed("10.0.0.1", "例\x7f\x85\u2028"), "client", "例\x7f\x85\u2028"),
        (changed("10.0.0.1", "好" * 101), "client", "好" * 100),
        (changed(" - - [", " - a b [22/Nov/2026:22:00:01 +0000] c ["), "time", START),
        (changed(" - - [", " -  ["), "time", START),
        (changed("22/Nov/2026", "29/Feb/2000"), "time", 951_861_600),
        (changed("locust", ""), "agent", ""),
        (changed("locust", "a\0b\n\r\x1f\u2028" + "好" * 100), "agent", "ab\n\r\x1f\u2028" + "好" * 94),
        (changed("locust", "\U0001f600" * 101), "agent", "\U0001f600" * 100),
    ],
)
def test_odd_lines_are_requests(text: str, field: str, value: object) -> None:
    assert getattr(parsed(text), field) == value


@pytest.mark.parametrize(
    ("request_line", "method", "path"),
    [
        ("GET /a?b?c HTTP/1.1", "GET", "/a"),
        ("GET ?b HTTP/1.1", "GET", ""),
        ("X-\x01 * HTTP/", "X-\x01", "*"),
        ("GET /" + "好" * 100 + "?q HTTP/2.0", "GET", "/" + "好" * 99),
        ("GET / http/1.1", "", ""),
        ("GET /", "", ""),
        ("GET /a b HTTP/1.1", "", ""),
        ("GET  / HTTP/1.1", "", ""),
        (" / HTTP/1.1", "", ""),
        ("GET  HTTP/1.1", "", ""),
        ("GET / HTTP/1.1 ", "", ""),
        ("GET\t/\tHTTP/1.1", "", ""),
        ("-", "", ""),
        ("", "", ""),
    ],
)
def test_method_and_path_are_of_three_words(request_line: str, method: str, path: str) -> None:
    request = parsed(changed("POST / HTTP/1.1", request_line))
    assert (request.method, request.path) == (method, path)


def test_every_day_that_exists_is_a_time_and_no_other() -> None:
    minimal = LineFormat(MINIMAL, "heartbeat")
    for year in (1, 1900, 1999, 2000, 2026, 2028, 2100, 9999):
        for number, month in enumerate((*MONTHS, "Foo"), start=1):
            for day in range(33):
                request = minimal.parse(f'{day:02}/{month}/{year:04}:23:59:59 -0100 0.000 "a"')
                try:
                    expected = datetime.fromisoformat(f"{year:04}-{number:02}-{day:02}T23:59:59-01:00").timestamp()
                except ValueError:
                    expected = None
                assert (request and request.time) == expected


def test_a_format_without_a_variable_says_nothing_of_it() -> None:
    request = LineFormat(MINIMAL, "heartbeat").parse('22/Nov/2026:22:00:00 +0000 0.012 "a"')
    assert request == (START, 12, False, None, None, None, None, None, "a")


@pytest.mark.parametrize("name", ["time_local", "request_time", "http_user_agent"])
def test_a_format_without_a_required_variable_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"lacks \${name};"):
        LineFormat(LOG_FORMAT.replace(f"${name}", "-"), "heartbeat")


def test_a_format_may_be_any() -> None:
    log_format = '.*+($time_local)|${request_time}ms "q: $status $upstream" $request_id^"$http_user_agent" $status'
    text = '.*+(22/Nov/2026:22:00:00 +0000)|0.012ms "q: 404 a b" \U0001f600é^"a\\" 5x1'
    format_ = LineFormat(log_format, "a\\")
    assert format_.parse(text) is None
    assert format_.parse(text.replace("5x1", "501")) == (START, 12, True, 404, None, None, None, None, "a\\")


def test_bytes_that_are_not_utf8_are_kept_apart() -> None:
    timestamper = LineTimestamper(FORMAT)
    good, bad = text_lines([line(0).encode() + b"\n", line(5).encode().replace(b"locust", b"\xff") + b"\n"])
    assert timestamper.timestamp(good).request
    # Hadoop's client shows the same text, which would be a good line of another time.
    assert timestamper.timestamp(bad) == (line(5, agent="\ufffd"), START, None)
    assert timestamper.timestamp(line(5, agent="\ufffd"))[:2] == (line(5, agent="\ufffd"), START)


def test_a_flume_event_is_bare_avro() -> None:
    record = flume_event.encode("GET /好")
    assert record == b"\x00\x10" + "GET /好".encode()  # no headers, a varint length, the line
    assert flume_event.decode(record) == "GET /好"
    assert flume_event.decode(b"\x02\x02k\x02v\x00\x04a\xff") == "a\udcff"  # with a header, and not UTF-8
    assert flume_event.encode("a\udcff") == b"\x00\x04a\xff"
    assert flume_event.decode(b"\0\0") == ""


def other_schema() -> bytes:
    """Return a record of another schema."""
    schema = {"type": "record", "name": "o", "fields": [{"name": "n", "type": "long"}, {"name": "s", "type": "string"}]}
    record = BytesIO()
    fastavro.schemaless_writer(record, fastavro.parse_schema(schema), {"n": 12, "s": "x"})
    return record.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"x",
        b"\0",
        b"\0\0\0",
        b"\0\1rest",  # a negative length
        b"\0\x06ab",
        b"\xff" * 20,
        bytes(10_000_000),
        flume_event.encode(line(0)) + b"\0",
        flume_event.encode(line(0))[:-1],
        line(0).encode(),
        other_schema(),
    ],
)
def test_other_records_are_no_flume_events(value: bytes | None) -> None:
    assert flume_event.decode(value) is None
