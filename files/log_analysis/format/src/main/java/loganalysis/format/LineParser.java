package loganalysis.format;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the variables of a line. The regular expression defines a line; scanning it once finds the same, faster. */
final class LineParser {
    /** The time of the line that was parsed last, in ms since 1970. */
    long time;
    /** Where each variable of the format begins and ends in the line that was parsed last. */
    final int[] begins;
    final int[] ends;

    private final Variable[] variables;
    private final byte[][] literals;
    private final Pattern regex;
    private final boolean scannable;
    private final int timeIndex;
    private final TimeLocal times = new TimeLocal();

    LineParser(LogFormat format) {
        variables = format.variables.toArray(new Variable[0]);
        literals = format.literals.toArray(new byte[0][]);
        regex = format.regex;
        timeIndex = format.index("time_local");
        begins = new int[variables.length];
        ends = new int[variables.length];
        scannable = isScannable();
    }

    /** Whether the end of each variable can be seen without trying others: something that it is not made of comes next. */
    private boolean isScannable() {
        for (int index = 0; index < variables.length; index++) {
            byte[] next = literals[index + 1];
            boolean last = index == variables.length - 1;
            if (next.length == 0 ? !last : variables[index] == Variable.BODY_BYTES_SENT && isDigit(next[0])) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether these bytes, which must be UTF-8, are a line of the format. */
    boolean parse(byte[] line, int begin, int end) {
        return scannable && scan(line, begin, end) || match(line, begin, end);
    }

    /** Takes the first possible end of each variable. If the rest fits, the regular expression would have found the same. */
    boolean scan(byte[] line, int begin, int end) {
        int at = begin;
        for (int index = 0; ; index++) {
            byte[] literal = literals[index];
            if (!startsWith(line, at, end, literal)) {
                return false;
            }
            at += literal.length;
            if (index == variables.length) {
                return at == end;
            }
            begins[index] = at;
            at = endOf(variables[index], line, at, end, literals[index + 1]);
            if (at < 0) {
                return false;
            }
            if (index == timeIndex) {
                time = times.parse(line, begins[index]);
            }
            ends[index] = at;
        }
    }

    /** Returns the end of the variable that begins at `at`, -1 if there is none. */
    private int endOf(Variable variable, byte[] line, int at, int end, byte[] next) {
        switch (variable) {
            case TIME_LOCAL:
                return end - at >= TimeLocal.LENGTH && times.parse(line, at) != TimeLocal.NONE ? at + TimeLocal.LENGTH : -1;
            case STATUS:
                return digits(line, at, end, 3) == 3 ? at + 3 : -1;
            case BODY_BYTES_SENT:
                int length = digits(line, at, end, 18);
                return length > 0 ? at + length : -1;
            case REQUEST_TIME:
                int whole = digits(line, at, end, 9);
                int point = at + whole;
                return whole > 0 && point < end && line[point] == '.' && digits(line, point + 1, end, 3) == 3 ? point + 4 : -1;
            case QUOTED:
                return quotedEnd(line, at, end, next);
            default:
                return bareEnd(line, at, end, next);
        }
    }

    private static int quotedEnd(byte[] line, int begin, int end, byte[] next) {
        if (next.length > 0 && next[0] == '"') {
            int at = Text.indexOf(line, begin, end, '"');
            return startsWith(line, at, end, next) ? at : -1;
        }
        for (int at = begin; at < end; at++) {
            if (next.length > 0 && line[at] == next[0] && startsWith(line, at, end, next)) {
                return at;
            }
            if (line[at] == '"') {
                return -1;
            }
        }
        return next.length == 0 ? end : -1;
    }

    private static int bareEnd(byte[] line, int begin, int end, byte[] next) {
        for (int at = begin; at < end; at++) {
            if (at > begin && next.length > 0 && line[at] == next[0] && startsWith(line, at, end, next)) {
                return at;
            }
            if (line[at] == '"' || line[at] >= 0 && line[at] <= ' ') {
                return -1;
            }
        }
        return next.length == 0 && begin < end ? end : -1;
    }

    /** As scan, by the definition. */
    boolean match(byte[] line, int begin, int end) {
        String text = new String(line, begin, end - begin, StandardCharsets.UTF_8);
        Matcher matcher = regex.matcher(text);
        if (!matcher.matches()) {
            return false;
        }
        int character = 0;
        int at = begin;
        for (int index = 0; index < variables.length; index++) {
            at += utf8Length(text, character, matcher.start(index + 1));
            begins[index] = at;
            at += utf8Length(text, matcher.start(index + 1), matcher.end(index + 1));
            ends[index] = at;
            character = matcher.end(index + 1);
        }
        time = times.parse(line, begins[timeIndex]);
        return true;
    }

    private static int utf8Length(String text, int begin, int end) {
        return text.substring(begin, end).getBytes(StandardCharsets.UTF_8).length;
    }

    private static boolean startsWith(byte[] line, int at, int end, byte[] literal) {
        if (literal.length > end - at) {
            return false;
        }
        for (int index = 0; index < literal.length; index++) {
            if (line[at + index] != literal[index]) {
                return false;
            }
        }
        return true;
    }

    /** Returns how many digits begin at `at`, `most` or fewer. */
    private static int digits(byte[] line, int at, int end, int most) {
        int count = 0;
        while (count < most && at + count < end && isDigit(line[at + count])) {
            count++;
        }
        return count;
    }

    private static boolean isDigit(byte character) {
        return character >= '0' && character <= '9';
    }
}
