package loganalysis.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Pattern;

/** Times that exist and others, and that the definition and the parser agree on which is which. */
class TimeLocalTest {
    private static final DateTimeFormatter FORMATTER = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss xx", Locale.ENGLISH);
    private static final Pattern DEFINITION = Pattern.compile(Variable.TIME_LOCAL.regex);

    private final TimeLocal times = new TimeLocal();

    private long parse(String text) {
        long time = times.parse(Records.bytes("[" + text + "]"), 1);
        assertEquals(DEFINITION.matcher(text).matches(), time != TimeLocal.NONE, () -> text);
        // Again, from what is kept.
        assertEquals(time, times.parse(Records.bytes(text), 0));
        return time;
    }

    @ParameterizedTest
    @CsvSource({
        "10/Oct/2026:13:55:36 +0000, 2026-10-10T13:55:36Z", "10/Oct/2026:13:55:36 +0200, 2026-10-10T11:55:36Z",
        "10/Oct/2026:13:55:36 -0730, 2026-10-10T21:25:36Z", "01/Jan/1970:00:00:00 +0000, 1970-01-01T00:00:00Z",
        "29/Feb/2024:23:59:59 -0000, 2024-02-29T23:59:59Z", "29/Feb/2000:00:00:00 +0000, 2000-02-29T00:00:00Z",
        "31/Dec/1969:23:59:59 +0000, 1969-12-31T23:59:59Z", "01/Jan/0001:00:00:00 +2359, 0000-12-31T00:01:00Z",
        "31/Dec/9999:23:59:59 -2359, +10000-01-01T23:58:59Z", "10/Oct/2026:13:55:36 +1400, 2026-10-09T23:55:36Z",
    })
    void timesThatExist(String text, String expected) {
        assertEquals(Instant.parse(expected).toEpochMilli(), parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "31/Feb/2026:00:00:00 +0000", "29/Feb/2026:00:00:00 +0000", "29/Feb/1900:00:00:00 +0000", "30/Feb/2024:00:00:00 +0000",
        "31/Apr/2026:00:00:00 +0000", "00/Oct/2026:00:00:00 +0000", "32/Oct/2026:00:00:00 +0000", "10/oct/2026:00:00:00 +0000",
        "10/OCT/2026:00:00:00 +0000", "10/Okt/2026:00:00:00 +0000", "10/10//2026:00:00:00 +0000", "10/Oct/0000:00:00:00 +0000",
        "10/Oct/2026:24:00:00 +0000", "10/Oct/2026:00:60:00 +0000", "10/Oct/2026:00:00:60 +0000", "10/Oct/2026:24:61:00 +0000",
        "10/Oct/2026:00:00:00 +2400", "10/Oct/2026:00:00:00 +0060", "10/Oct/2026:00:00:00 -9999", "10/Oct/2026:00:00:00  0000",
        "10/Oct/2026:00:00:00+00000", "10-Oct-2026:00:00:00 +0000", "10/Oct/2026 00:00:00 +0000", " 1/Oct/2026:00:00:00 +0000",
        "+1/Oct/2026:00:00:00 +0000", "10/Oct/20 6:00:00:00 +0000", "10/Oct/2026:00:00:00 +00:0", "10/Oct/2026:00:00:00 Z    ",
        "10/ctN/2026:00:00:00 +0000", "10/anF/2026:00:00:00 +0000",
    })
    void timesThatDoNot(String text) {
        assertEquals(TimeLocal.NONE, parse(text));
    }

    @Test
    void everyDayOfTwoCenturies() {
        for (LocalDate day = LocalDate.of(1899, 1, 1); day.getYear() < 2102; day = day.plusDays(1)) {
            OffsetDateTime time = day.atTime(day.getDayOfMonth() % 24, day.getDayOfYear() % 60, day.getDayOfMonth())
                    .atOffset(ZoneOffset.ofTotalSeconds(60 * (day.getDayOfYear() - 180)));
            assertEquals(time.toInstant().toEpochMilli(), parse(FORMATTER.format(time)));
        }
    }

    @Test
    void oneChangedByteIsNoticed() {
        String text = "10/Oct/2026:13:55:36 +0200";
        Random random = new Random(7);
        for (int round = 0; round < 30_000; round++) {
            int at = random.nextInt(text.length());
            char other = "0123456789/: +-JanOctx".charAt(random.nextInt(22));
            long expected = parse(text);
            String changed = text.substring(0, at) + other + text.substring(at + 1);
            long time = parse(changed);
            if (time != TimeLocal.NONE) {
                assertEquals(changed.equals(text), time == expected);
            }
        }
    }
}
