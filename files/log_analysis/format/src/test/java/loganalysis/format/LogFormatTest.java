package loganalysis.format;

import static loganalysis.format.Records.event;
import static loganalysis.format.Rows.malformed;
import static loganalysis.format.Rows.read;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.flink.table.api.ValidationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;

/** Formats of logs other than the project's own. */
class LogFormatTest {
    private static final String NEEDED = " [$time_local] $request_time \"$http_user_agent\"";
    private static final String NEEDED_TEXT = " [10/Oct/2026:13:55:36 +0000] 1.500 \"a\"";
    private static final Map<Column, String> ALWAYS = Map.of(
            Column.EVENT_TIME, "2026-10-10T13:55:36", Column.REQUEST_MS, "1500", Column.AGENT, "a");

    private static Map<Column, String> line(String format, String line) {
        return read(format, event(line));
    }

    @Test
    void withoutOptionalVariablesTheirColumnsAreNull() {
        assertEquals(ALWAYS, line(NEEDED, NEEDED_TEXT));
        assertEquals(ALWAYS, line("${time_local} ${request_time} ${http_user_agent}", "10/Oct/2026:13:55:36 +0000 1.500 a"));
    }

    @Test
    void fieldsInOtherOrderAndOthersMore() {
        String format = "$request_id|$status|\"$http_user_agent\"|$request_time|$time_local|$upstream_response_time|$remote_addr|"
                + "$body_bytes_sent \"$request\"";
        Map<Column, String> row = line(format, "0f3c|404|\"\"|0.001|01/Jan/2026:00:00:00 +0000|0.001, 0.002|::1|0 \"GET /\u00e4 HTTP/1.1\"");
        assertEquals(malformed("0f3c|404|\"\"|0.001|01/Jan/2026:00:00:00 +0000|0.001, 0.002|::1|0 \"GET /\u00e4 HTTP/1.1\""), row);
        row = line(format, "0f3c|404|\"\"|0.001|01/Jan/2026:00:00:00 +0000|-|::1|0 \"GET /\u00e4 HTTP/1.1\"");
        assertEquals(Map.of(
                Column.REQUEST_ID, "0f3c", Column.STATUS, "404", Column.AGENT, "", Column.REQUEST_MS, "1",
                Column.EVENT_TIME, "2026-01-01T00:00", Column.CLIENT, "::1", Column.BODY_BYTES, "0",
                Column.METHOD, "GET", Column.PATH, "/\u00e4"), row);
    }

    @Test
    void quotesMayHoldSeveralVariables() {
        String format = "\"$scheme $request $host\"" + NEEDED;
        // Each ends where it can: the request is the word GET.
        assertEquals("", line(format, "\"http GET /a HTTP/1.1 host\"" + NEEDED_TEXT).get(Column.PATH));
        assertEquals("/a", line("\"$request\" \"$a$b\"" + NEEDED, "\"GET /a HTTP/1.1\" \"\"" + NEEDED_TEXT).get(Column.PATH));
    }

    @Test
    void theFirstOfTwoCounts() {
        assertEquals("200", line("$status $status" + NEEDED, "200 404" + NEEDED_TEXT).get(Column.STATUS));
    }

    @Test
    void neighboursWithoutAnythingBetween() {
        assertEquals("200", line("$status$body_bytes_sent" + NEEDED, "20012" + NEEDED_TEXT).get(Column.STATUS));
        assertEquals("12", line("$status$body_bytes_sent" + NEEDED, "20012" + NEEDED_TEXT).get(Column.BODY_BYTES));
        assertEquals("\u20ac", line("$remote_addr$host" + NEEDED, "\u20ac\u20ac\u20ac" + NEEDED_TEXT).get(Column.CLIENT));
        assertEquals("10", line("${body_bytes_sent}0" + NEEDED, "100" + NEEDED_TEXT).get(Column.BODY_BYTES));
        assertEquals("1", line("${body_bytes_sent}00" + NEEDED, "100" + NEEDED_TEXT).get(Column.BODY_BYTES));
    }

    @Test
    void aNumberEndsAtTheFirstDigitThatMayBeTheLiteral() {
        Map<Column, String> row = line("${body_bytes_sent}0$remote_addr" + NEEDED, "10" + "1".repeat(16) + "09" + NEEDED_TEXT);
        assertEquals("1", row.get(Column.BODY_BYTES));
        assertEquals("1".repeat(16) + "09", row.get(Column.CLIENT));
    }

    @Test
    void literalsAreTakenAsTheyAre() {
        String literal = "\\E.*\\Q^$h(\u20ac[\t";
        assertEquals("x", line(literal + " $remote_addr" + NEEDED, literal.replace("$h", "y") + " x" + NEEDED_TEXT).get(Column.CLIENT));
        assertEquals("a-", line("$remote_addr-" + NEEDED, "a--" + NEEDED_TEXT).get(Column.CLIENT));
        assertEquals("-", line("$remote_addr-" + NEEDED, "--" + NEEDED_TEXT).get(Column.CLIENT));
    }

    @ParameterizedTest
    @CsvSource({"time_local", "request_time", "http_user_agent"})
    void aRequiredVariableIsMissing(String name) {
        String format = Records.FORMAT.replace("$" + name, "-");
        String message = assertThrows(ValidationException.class, () -> new LogFormat(format)).getMessage();
        assertTrue(message.contains("lacks the variable $" + name), message);
        assertTrue(message.contains(format), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"$", "$ ", "a$-", "${", "${}", "${status", "$$"})
    void aDollarWithoutAName(String text) {
        String message = assertThrows(ValidationException.class, () -> new LogFormat(Records.FORMAT + " " + text)).getMessage();
        assertTrue(message.contains("$ without the name of a variable at position"), message);
    }

    @Test
    void names() {
        LogFormat format = new LogFormat("$a_1" + NEEDED + "$B");
        assertEquals(List.of("a_1", "time_local", "request_time", "http_user_agent", "B"), format.names);
        assertEquals(-1, format.index("status"));
    }
}
