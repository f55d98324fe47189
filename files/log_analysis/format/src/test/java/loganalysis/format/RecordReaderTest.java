package loganalysis.format;

import static loganalysis.format.Rows.malformed;
import static loganalysis.format.Rows.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What the columns are of lines good and bad. */
class RecordReaderTest {
    private static final String LINE = "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET /a?b=c HTTP/1.1\" 200 612 0.004 \"-\" \"curl/7.74.0\"";

    private static String withRequest(String request) {
        return LINE.replace("GET /a?b=c HTTP/1.1", request);
    }

    private static String withAgent(String agent) {
        return LINE.replace("curl/7.74.0", agent);
    }

    @Test
    void aLineHasAllColumnsOfItsVariables() {
        Map<Column, String> expected = Map.of(
                Column.EVENT_TIME, "2026-10-10T11:55:36", Column.REQUEST_MS, "4", Column.STATUS, "200",
                Column.BODY_BYTES, "612", Column.METHOD, "GET", Column.PATH, "/a",
                Column.CLIENT, "10.0.0.1", Column.AGENT, "curl/7.74.0");
        assertEquals(expected, read(LINE));
    }

    @Test
    void onlyTheDeclaredColumnsInTheirOrder() {
        Column[] columns = {Column.MALFORMED, Column.AGENT, Column.STATUS};
        RecordReader reader = new RecordReader(new LogFormat(Records.FORMAT), columns);
        assertEquals(GenericRowData.of(null, StringData.fromString("curl/7.74.0"), 200), reader.read(Records.event(LINE)));
        assertEquals(GenericRowData.of(StringData.fromString("no"), null, null), reader.read(Records.event("no")));
        assertEquals(GenericRowData.of((Object) null), new RecordReader(new LogFormat(Records.FORMAT), new Column[] {Column.PATH})
                .read(Records.event("no")));
        assertEquals(new GenericRowData(0), new RecordReader(new LogFormat(Records.FORMAT), new Column[0]).read(null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "GET / HTTP/1.1 | GET | /", "POST /a/b?c=d?e HTTP/2.0 | POST | /a/b", "x y HTTP/ | x | y", "GET ? HTTP/1.1 | GET | ",
        "PRI * HTTP/2.0 | PRI | *", "GET / HTTP | | ", "GET / http/1.1 | | ", "GET  / HTTP/1.1 | | ", "GET / HTTP/1.1 x | | ",
        "GET /a b HTTP/1.1 | | ", "GET / XHTTP/1.1 | | ", "- | | ", "\\x16\\x03\\x01 | | ", "GET /ä?ö HTTP/1.1 | GET | /ä",
    })
    void methodAndPathAreThoseOfThreeWords(String request, String method, String path) {
        Map<Column, String> row = read(withRequest(request));
        assertEquals(method == null ? "" : method, row.get(Column.METHOD));
        assertEquals(path == null ? "" : path, row.get(Column.PATH));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET /", "GET", " / HTTP/1.1", "GET  HTTP/1.1", "  HTTP/1.1"})
    void anotherRequestHasNeither(String request) {
        Map<Column, String> row = read(withRequest(request));
        assertEquals("", row.get(Column.METHOD));
        assertEquals("", row.get(Column.PATH));
        assertFalse(row.containsKey(Column.MALFORMED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "\u00e9", "\u20ac", "\ud83d\ude00"})
    void longTextsAreCutAtCharacters(String character) {
        String line = withAgent(character.repeat(101)).replace("/a?b=c", "/" + character.repeat(100) + "?b").replace("10.0.0.1", character.repeat(101));
        Map<Column, String> row = read(line);
        assertEquals(character.repeat(100), row.get(Column.AGENT));
        assertEquals("/" + character.repeat(99), row.get(Column.PATH));
        assertEquals(character.repeat(100), row.get(Column.CLIENT));
        assertEquals(malformed(character.repeat(1000)), read(character.repeat(1001)));
    }

    @Test
    void nulIsRemovedBeforeTheCut() {
        Map<Column, String> row = read(withAgent("a\0b" + "c".repeat(100)).replace("/a?", "/\0a\0?").replace("GET", "G\0T"));
        assertEquals("ab" + "c".repeat(98), row.get(Column.AGENT));
        assertEquals("/a", row.get(Column.PATH));
        assertEquals("GT", row.get(Column.METHOD));
        assertEquals(malformed("ab"), read("a\0b\0"));
        assertEquals(malformed("x".repeat(1000)), read("\0".repeat(2000) + "x".repeat(2000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 20 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 2000 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 - 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 1234567890123456789 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.04 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 .004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 1234567890.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 - \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" \u0662\u0660\u0660 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [31/Feb/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET \" HTTP/1.1\" 200 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - a\"b [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\"",
        "10.0.\u000b1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\"",
        " - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\"",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\" ",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-\"\n",
        "10.0.0.1 - - [10/Oct/2026:13:55:36 +0200] \"GET / HTTP/1.1\" 200 612 0.004 \"-\" \"-",
        "10.0.0.1 - - [10/Oct/2026:13:55:36", "\"", "-", " ",
    })
    void whatIsNoLineIsMalformed(String line) {
        assertEquals(malformed(line), read(line));
    }

    @Test
    void unusualLinesAreGood() {
        assertEquals("a [b] c", userOf(LINE.replace("- - [", "- a [b] c [")));
        assertEquals("", userOf(LINE.replace("- - [", "-  [")));
        assertEquals("[11/Oct/2026:00:00:00 +0000]", userOf(LINE.replace("- - [", "- [11/Oct/2026:00:00:00 +0000] [")));
        assertEquals("999999999999", read(LINE.replace("0.004", "999999999.999")).get(Column.REQUEST_MS));
        assertEquals("999999999999999999", read(LINE.replace(" 612 ", " 999999999999999999 ")).get(Column.BODY_BYTES));
        assertEquals("0", read(LINE.replace(" 200 ", " 000 ")).get(Column.STATUS));
        assertEquals("", read(withAgent("")).get(Column.AGENT));
        assertEquals("a\nb\u0001\u0085\u2028", read(withAgent("a\nb\u0001\u0085\u2028")).get(Column.AGENT));
        assertEquals("\u0085\u00a0\u3000", read(LINE.replace("10.0.0.1", "\u0085\u00a0\u3000")).get(Column.CLIENT));
    }

    /** Returns $remote_user, of which there is no column. */
    private static String userOf(String line) {
        LineParser parser = new LineParser(new LogFormat(Records.FORMAT));
        byte[] bytes = Records.bytes(line);
        assertTrue(parser.parse(bytes, 0, bytes.length));
        return new String(bytes, parser.begins[1], parser.ends[1] - parser.begins[1], StandardCharsets.UTF_8);
    }

    @Test
    void rowsDoNotShareWhatChanges() {
        RecordReader reader = new RecordReader(new LogFormat(Records.FORMAT), Column.values());
        GenericRowData first = reader.read(Records.event(LINE));
        Map<Column, String> before = Rows.contents(first);
        reader.read(Records.event(withAgent("other").replace("13:55:36", "13:55:37")));
        reader.read(null);
        assertEquals(before, Rows.contents(first));
    }

    @Test
    void aRecordIsNotChanged() {
        byte[] record = Records.event(withAgent("\0\u00e4"));
        byte[] copy = record.clone();
        read(Records.FORMAT, record);
        assertArrayEquals(copy, record);
    }
}
