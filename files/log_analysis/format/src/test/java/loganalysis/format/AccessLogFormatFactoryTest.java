package loganalysis.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** What Flink does with the format: find it, check a table's definition, ship it to where it is used. */
class AccessLogFormatFactoryTest {
    private static final DataType TABLE = DataTypes.ROW(
            DataTypes.FIELD("status", DataTypes.INT()), DataTypes.FIELD("malformed", DataTypes.STRING()));

    private static AccessLogDeserializationSchema schema() {
        return new AccessLogDeserializationSchema(
                Records.FORMAT, AccessLogFormatFactory.columns(TABLE), TypeInformation.of(RowData.class));
    }

    @Test
    void flinkFindsIt() {
        DeserializationFormatFactory factory = FactoryUtil.discoverFactory(
                getClass().getClassLoader(), DeserializationFormatFactory.class, "access-log");
        Configuration options = new Configuration();
        options.set(AccessLogFormatFactory.LOG_FORMAT, Records.FORMAT);
        assertEquals(ChangelogMode.insertOnly(), factory.createDecodingFormat(null, options).getChangelogMode());
    }

    @Test
    void anOptionIsMissing() {
        String message = assertThrows(ValidationException.class,
                () -> new AccessLogFormatFactory().createDecodingFormat(null, new Configuration())).getMessage();
        assertTrue(message.contains("log-format"), message);
    }

    @Test
    void aFormatWithoutTime() {
        Configuration options = new Configuration();
        options.set(AccessLogFormatFactory.LOG_FORMAT, "$status");
        String message = assertThrows(ValidationException.class,
                () -> new AccessLogFormatFactory().createDecodingFormat(null, options)).getMessage();
        assertTrue(message.contains("lacks the variable $time_local, found: $status."), message);
    }

    @Test
    void aColumnThatThereIsNot() {
        DataType table = DataTypes.ROW(DataTypes.FIELD("ms", DataTypes.INT()));
        String message = assertThrows(ValidationException.class, () -> AccessLogFormatFactory.columns(table)).getMessage();
        assertEquals("The format access-log has no column ms. Remove it, or declare it as a computed or metadata column. Its columns are "
                + "event_time TIMESTAMP(3), request_ms BIGINT, status INT, body_bytes BIGINT, method STRING, path STRING, "
                + "client STRING, agent STRING, request_id STRING, malformed STRING.", message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"status|SMALLINT", "status|INT NOT NULL", "event_time|TIMESTAMP_LTZ(3)", "event_time|TIMESTAMP(6)", "path|VARCHAR(100)"})
    void aColumnOfAnotherType(String name, String type) {
        Map<String, DataType> types = Map.of(
                "SMALLINT", DataTypes.SMALLINT(), "INT NOT NULL", DataTypes.INT().notNull(), "TIMESTAMP_LTZ(3)", DataTypes.TIMESTAMP_LTZ(3),
                "TIMESTAMP(6)", DataTypes.TIMESTAMP(6), "VARCHAR(100)", DataTypes.VARCHAR(100));
        DataType table = DataTypes.ROW(DataTypes.FIELD(name, types.get(type)));
        String message = assertThrows(ValidationException.class, () -> AccessLogFormatFactory.columns(table)).getMessage();
        assertTrue(message.startsWith("The column " + name + " of the format access-log must be declared as "), message);
        assertTrue(message.contains("found: " + type + "."), message);
    }

    @Test
    void theOrderIsTheTables() {
        assertArrayEquals(new Column[] {Column.STATUS, Column.MALFORMED}, AccessLogFormatFactory.columns(TABLE));
    }

    @Test
    void theSchemaCanBeShipped() throws Exception {
        AccessLogDeserializationSchema used = schema();
        used.open(null);
        used.deserialize(Records.event("no"));
        DeserializationSchema<RowData> shipped = InstantiationUtil.clone(used);
        shipped.open(null);
        assertEquals("no", shipped.deserialize(Records.event("no")).getString(1).toString());
        assertFalse(shipped.isEndOfStream(new GenericRowData(2)));
        assertEquals(used.getProducedType(), shipped.getProducedType());
    }

    /** One schema for each subtask, all in one JVM. */
    @Test
    void subtasksDoNotDisturbEachOther() {
        CompletableFuture<?>[] subtasks = IntStream.range(0, 4).mapToObj(subtask -> CompletableFuture.runAsync(() -> {
            AccessLogDeserializationSchema schema = schema();
            schema.open(null);
            for (int round = 0; round < 20_000; round++) {
                int status = 100 + (subtask * 200 + round) % 800;
                String line = String.format("::1 - - [10/Oct/2026:13:55:%02d +0000] \"GET / HTTP/1.1\" %d 1 0.001 \"-\" \"-\"", round % 60, status);
                assertEquals(status, schema.deserialize(Records.event(line)).getInt(0));
            }
        })).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(subtasks).join();
    }
}
