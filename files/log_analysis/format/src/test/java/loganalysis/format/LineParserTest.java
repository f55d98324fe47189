package loganalysis.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Supplier;

/** What the scan accepts is what the definition accepts, with the same parts, in lines that were changed at random. */
class LineParserTest {
    private static final int ROUNDS = 30_000;
    private static final String[] PIECES = {
        "\"", " ", " [", "[", "]", "] \"", "\" \"", "-", " - ", "0", "12", ".", "1.000", "200", ":", "/", "+0000", "a", "\0", "\n", "\u001f", "\u0085", "\u20ac",
        "\ud83d\ude00", "\u0660", "10/Oct/2026:13:55:36 +0200", "31/Feb/2026:13:55:36 +0200", "HTTP/1.1", "?", "|",
    };
    private static final String[] NAMES = {
        "remote_addr", "remote_user", "request", "status", "body_bytes_sent", "http_referer", "request_id", "time_local",
    };
    private static final String[] BETWEEN = {" ", " - ", "\" \"", "|", "", "\"", " [", "] \"", "0", "\" ", " \"", "a", "\u20ac"};

    private final Random random = new Random(20261010);
    private int good;
    private int scanned;

    @ParameterizedTest
    @ValueSource(strings = {
        Records.FORMAT,
        "$request_id \"$http_user_agent\" [$time_local] $request_time $status \"$request\" $remote_addr",
        "$time_local|$request_time|$http_user_agent|$remote_user|$body_bytes_sent",
        "\"$request $host\" $remote_user [$time_local] \"$http_user_agent $http_referer\" $request_time$status",
    })
    void theScanAndTheDefinitionAgree(String format) {
        LogFormat parsed = new LogFormat(format);
        for (int round = 0; round < ROUNDS; round++) {
            compare(parsed, mutated(sample(parsed)));
        }
        assertTrue(good > ROUNDS / 20, "too few good lines: " + good);
        assertTrue(scanned > good / 2 || format.endsWith("$request_time$status"), "too few were scanned: " + scanned);
    }

    @Test
    void formatsMadeAtRandom() {
        for (int round = 0; round < 1500; round++) {
            StringBuilder format = new StringBuilder("${time_local}" + piece(BETWEEN) + "${request_time}" + piece(BETWEEN) + "${http_user_agent}");
            for (int count = random.nextInt(4); count > 0; count--) {
                format.append(piece(BETWEEN)).append("${").append(piece(NAMES)).append('}');
            }
            LogFormat parsed = new LogFormat(format + (random.nextBoolean() ? "\"" : ""));
            for (int line = 0; line < 20; line++) {
                compare(parsed, line % 4 == 0 ? sample(parsed) : mutated(sample(parsed)));
            }
        }
        assertTrue(good > 2500, "too few good lines: " + good);
    }

    /** A megabyte costs neither the stack nor minutes. */
    @ParameterizedTest
    @ValueSource(strings = {"a", " [", "[10/Oct/2026:13:55:36 +0200] ", "\u20ac", "- "})
    void longLines(String piece) {
        String text = piece.repeat(1_000_000 / piece.length());
        LogFormat format = new LogFormat(Records.FORMAT);
        compare(format, text);
        compare(format, "::1 - " + text);
        compare(format, "::1 - - [10/Oct/2026:13:55:36 +0200] \"" + text + "\" 200 1 0.001 \"" + text + "\" \"" + text + "\"");
        compare(format, "::1 - " + text + " [10/Oct/2026:13:55:36 +0200] \"-\" 200 1 0.001 \"-\" \"-\"");
        assertEquals(2, good);
    }

    private void compare(LogFormat format, String line) {
        byte[] bytes = Records.bytes("<" + line + ">");
        LineParser scanning = new LineParser(format);
        LineParser parsing = new LineParser(format);
        LineParser defining = new LineParser(format);
        boolean expected = defining.match(bytes, 1, bytes.length - 1);
        Supplier<String> what = () -> "the line " + line + " of the format " + format.names;
        assertEquals(expected, parsing.parse(bytes, 1, bytes.length - 1), what);
        if (!expected) {
            return;
        }
        good++;
        scanned += scanning.scan(bytes, 1, bytes.length - 1) ? 1 : 0;
        assertArrayEquals(defining.begins, parsing.begins, what);
        assertArrayEquals(defining.ends, parsing.ends, what);
        assertEquals(defining.time, parsing.time, what);
        assertTrue(parsing.time != TimeLocal.NONE, what);
    }

    private String sample(LogFormat format) {
        StringBuilder line = new StringBuilder();
        for (int index = 0; index < format.names.size(); index++) {
            line.append(new String(format.literals.get(index), StandardCharsets.UTF_8));
            line.append(value(format.names.get(index)));
        }
        return line.append(new String(format.literals.get(format.names.size()), StandardCharsets.UTF_8)).toString();
    }

    private String value(String name) {
        switch (name) {
            case "time_local":
                return random.nextInt(9) == 0 ? "29/Feb/2024:23:59:59 -0730" : "10/Oct/2026:13:55:36 +0200";
            case "request_time":
                return random.nextInt(2000) + ".0" + (10 + random.nextInt(90));
            case "status":
                return String.valueOf(100 + random.nextInt(900));
            case "body_bytes_sent":
                return String.valueOf(random.nextInt(100_000));
            case "request":
                return "GET /\u00e4/" + random.nextInt(10) + "?q HTTP/1.1";
            default:
                return random.nextInt(4) == 0 ? "a b [c" : random.nextInt(4) == 0 ? "-" : "10.0.0." + random.nextInt(300);
        }
    }

    private String mutated(String line) {
        StringBuilder changed = new StringBuilder(line);
        for (int count = random.nextInt(3) + random.nextInt(2); count > 0; count--) {
            int at = random.nextInt(changed.length() + 1);
            int end = Math.min(changed.length(), at + random.nextInt(3));
            changed.replace(at, end, random.nextInt(4) == 0 ? "" : piece(PIECES));
        }
        // Half of a pair of surrogates is no character.
        return new String(Records.bytes(changed.toString()), StandardCharsets.UTF_8);
    }

    private String piece(String[] pieces) {
        return pieces[random.nextInt(pieces.length)];
    }
}
