package loganalysis.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.LocalDate;

/** Parses $time_local, such as 10/Oct/2026:13:55:36 +0200. Lines of one second share it, so the last one is kept. */
final class TimeLocal {
    static final int LENGTH = 26;
    /** What parse returns for a time that does not exist. */
    static final long NONE = Long.MIN_VALUE;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final int INVALID = Integer.MIN_VALUE;

    private long first;
    private long second;
    private long third;
    private long last;
    private long parsed = NONE;

    /** Returns the ms since 1970 in UTC, or NONE. The bytes from `at` on must be LENGTH or more. */
    long parse(byte[] line, int at) {
        long a = (long) LONG.get(line, at);
        long b = (long) LONG.get(line, at + 8);
        long c = (long) LONG.get(line, at + 16);
        long d = (long) LONG.get(line, at + LENGTH - 8);
        if (a != first || b != second || c != third || d != last || parsed == NONE) {
            parsed = parseAll(line, at);
            first = a;
            second = b;
            third = c;
            last = d;
        }
        return parsed;
    }

    private static long parseAll(byte[] line, int at) {
        boolean shaped = line[at + 2] == '/' && line[at + 6] == '/' && line[at + 11] == ':' && line[at + 14] == ':'
                && line[at + 17] == ':' && line[at + 20] == ' ' && (line[at + 21] == '+' || line[at + 21] == '-');
        int day = two(line, at);
        int month = month(line, at + 3);
        int century = two(line, at + 7);
        int year = 100 * century + two(line, at + 9);
        int hour = two(line, at + 12);
        int minute = two(line, at + 15);
        int second = two(line, at + 18);
        int zoneHour = two(line, at + 22);
        int zoneMinute = two(line, at + 24);
        if (!shaped || month < 1 || century < 0 || year < 1 || day < 1 || day > LocalDate.of(year, month, 1).lengthOfMonth()
                || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59
                || zoneHour < 0 || zoneHour > 23 || zoneMinute < 0 || zoneMinute > 59) {
            return NONE;
        }
        int zone = (line[at + 21] == '-' ? -60 : 60) * (60 * zoneHour + zoneMinute);
        return 1000 * (86400 * LocalDate.of(year, month, day).toEpochDay() + 3600 * hour + 60 * minute + second - zone);
    }

    /** Returns the number of two digits, or a negative one. */
    private static int two(byte[] line, int at) {
        int tens = line[at] - '0';
        int ones = line[at + 1] - '0';
        return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? INVALID : 10 * tens + ones;
    }

    /** Returns the month's number, or 0. */
    private static int month(byte[] line, int at) {
        for (int index = 0; index < MONTHS.length(); index += 3) {
            if (line[at] == MONTHS.charAt(index) && line[at + 1] == MONTHS.charAt(index + 1)
                    && line[at + 2] == MONTHS.charAt(index + 2)) {
                return index / 3 + 1;
            }
        }
        return 0;
    }
}
