package loganalysis.format;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/** Makes a row of the value of a record. Not thread-safe. */
final class RecordReader {
    /** Characters of a client, path or agent that are kept. */
    static final int TEXT_LENGTH = 100;
    /** Characters of a malformed line that are kept. */
    static final int MALFORMED_LENGTH = 1000;

    private static final StringData NO_TEXT = StringData.fromString("");
    private static final Integer[] STATUSES = new Integer[1000];

    static {
        for (int status = 0; status < STATUSES.length; status++) {
            STATUSES[status] = status;
        }
    }

    private final FlumeEvent event = new FlumeEvent();
    private final LineParser parser;
    private final Column[] columns;
    /** For each column the variable that it is made of, -1 if the format lacks it. */
    private final int[] sources;
    private TimestampData time = TimestampData.fromEpochMillis(0);

    /** Whether the line is ASCII without NUL, so that bytes are characters. */
    private boolean plain;
    private final HttpRequest request = new HttpRequest();
    private final int requestSource;

    RecordReader(LogFormat format, Column[] columns) {
        this.parser = new LineParser(format);
        this.columns = columns.clone();
        this.sources = new int[columns.length];
        int requested = -1;
        for (int index = 0; index < columns.length; index++) {
            sources[index] = format.index(columns[index].variable);
            if (columns[index] == Column.METHOD || columns[index] == Column.PATH) {
                requested = sources[index];
            }
        }
        requestSource = requested;
    }

    /** Returns a new row, because what comes after may keep it. Its texts are parts of the value. */
    GenericRowData read(byte[] value) {
        GenericRowData row = new GenericRowData(columns.length);
        if (value == null) {
            return malformed(row, new byte[0], 0);
        }
        if (!event.read(value)) {
            return malformed(row, value, 0);
        }
        int begin = event.body;
        plain = Text.isPlain(value, begin, value.length);
        if (!plain && !Text.isUtf8(value, begin, value.length) || !parser.parse(value, begin, value.length)) {
            return malformed(row, value, begin);
        }
        if (requestSource >= 0) {
            request.parse(value, parser.begins[requestSource], parser.ends[requestSource]);
        }
        for (int index = 0; index < columns.length; index++) {
            if (sources[index] >= 0) {
                row.setField(index, field(columns[index], value, parser.begins[sources[index]], parser.ends[sources[index]]));
            }
        }
        return row;
    }

    private Object field(Column column, byte[] line, int begin, int end) {
        switch (column) {
            case EVENT_TIME:
                if (time.getMillisecond() != parser.time) {
                    time = TimestampData.fromEpochMillis(parser.time);
                }
                return time;
            case REQUEST_MS:
                return 1000 * number(line, begin, end - 4) + number(line, end - 3, end);
            case STATUS:
                return STATUSES[(int) number(line, begin, end)];
            case BODY_BYTES:
                return number(line, begin, end);
            case METHOD:
                return request.isHttp ? text(line, begin, request.methodEnd, Integer.MAX_VALUE) : NO_TEXT;
            case PATH:
                return request.isHttp ? text(line, request.methodEnd + 1, request.pathEnd, TEXT_LENGTH) : NO_TEXT;
            case REQUEST_ID:
                return text(line, begin, end, Integer.MAX_VALUE);
            default:
                return text(line, begin, end, TEXT_LENGTH);
        }
    }

    private GenericRowData malformed(GenericRowData row, byte[] text, int begin) {
        for (int index = 0; index < columns.length; index++) {
            if (columns[index] == Column.MALFORMED) {
                row.setField(index, StringData.fromBytes(Text.clean(text, begin, text.length, MALFORMED_LENGTH)));
            }
        }
        return row;
    }

    private StringData text(byte[] line, int begin, int end, int limit) {
        if (plain) {
            return StringData.fromBytes(line, begin, Math.min(end - begin, limit));
        }
        return StringData.fromBytes(Text.clean(line, begin, end, limit));
    }

    private static long number(byte[] line, int begin, int end) {
        long number = 0;
        for (int at = begin; at < end; at++) {
            number = 10 * number + line[at] - '0';
        }
        return number;
    }

    /** Method and path of $request, if that is three words of which the last begins with HTTP/. */
    private static final class HttpRequest {
        boolean isHttp;
        int methodEnd;
        int pathEnd;

        void parse(byte[] line, int begin, int end) {
            methodEnd = Text.indexOf(line, begin, end, ' ');
            int second = Text.indexOf(line, methodEnd + 1, end, ' ');
            isHttp = methodEnd > begin && second > methodEnd + 1 && end - second > 5
                    && line[second + 1] == 'H' && line[second + 2] == 'T' && line[second + 3] == 'T'
                    && line[second + 4] == 'P' && line[second + 5] == '/' && Text.indexOf(line, second + 1, end, ' ') == end;
            pathEnd = Text.indexOf(line, methodEnd + 1, second, '?');
        }
    }
}
