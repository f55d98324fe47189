package loganalysis.format;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The columns that a table of this format may have. */
enum Column {
    EVENT_TIME("time_local", DataTypes.TIMESTAMP(3)),
    REQUEST_MS("request_time", DataTypes.BIGINT()),
    STATUS("status", DataTypes.INT()),
    BODY_BYTES("body_bytes_sent", DataTypes.BIGINT()),
    METHOD("request", DataTypes.STRING()),
    PATH("request", DataTypes.STRING()),
    CLIENT("remote_addr", DataTypes.STRING()),
    AGENT("http_user_agent", DataTypes.STRING()),
    REQUEST_ID("request_id", DataTypes.STRING()),
    MALFORMED(null, DataTypes.STRING());

    /** The variable of nginx that it is made of. */
    final String variable;
    /** The type that it must be declared with. */
    final DataType type;

    Column(String variable, DataType type) {
        this.variable = variable;
        this.type = type;
    }

    /** The name in SQL. */
    String sqlName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the column of this name, or null. */
    static Column named(String sqlName) {
        return Arrays.stream(values()).filter(column -> column.sqlName().equals(sqlName)).findAny().orElse(null);
    }

    /** All columns with their types, as in a CREATE TABLE. */
    static String list() {
        return Arrays.stream(values())
                .map(column -> column.sqlName() + " " + column.type.getLogicalType().asSummaryString())
                .collect(Collectors.joining(", "));
    }
}
