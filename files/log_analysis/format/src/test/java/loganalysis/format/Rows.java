package loganalysis.format;

import org.apache.flink.table.data.GenericRowData;

import java.util.EnumMap;
import java.util.Map;

/** Reads records and says what is in the rows. */
final class Rows {
    private Rows() {}

    /** Returns what is not NULL in the row of a record, as text. */
    static Map<Column, String> read(String format, byte[] record) {
        return contents(new RecordReader(new LogFormat(format), Column.values()).read(record));
    }

    /** Returns what is not NULL in the row of a line of the project's own format. */
    static Map<Column, String> read(String line) {
        return read(Records.FORMAT, Records.event(line));
    }

    /** Returns what is not NULL in a row with all columns. */
    static Map<Column, String> contents(GenericRowData row) {
        Map<Column, String> contents = new EnumMap<>(Column.class);
        for (Column column : Column.values()) {
            if (!row.isNullAt(column.ordinal())) {
                contents.put(column, row.getField(column.ordinal()).toString());
            }
        }
        return contents;
    }

    /** The row of what is no line. */
    static Map<Column, String> malformed(String text) {
        return Map.of(Column.MALFORMED, text);
    }
}
