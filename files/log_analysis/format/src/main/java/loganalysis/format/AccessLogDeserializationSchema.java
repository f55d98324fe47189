package loganalysis.format;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;

/** Makes a row of every record of Flume's Kafka channel: of a log line, or of whatever else it is. */
final class AccessLogDeserializationSchema implements DeserializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    private final String logFormat;
    private final Column[] columns;
    private final TypeInformation<RowData> producedType;
    /** Has the state of one thread. It is made where the records are read. */
    private transient RecordReader reader;

    AccessLogDeserializationSchema(String logFormat, Column[] columns, TypeInformation<RowData> producedType) {
        this.logFormat = logFormat;
        this.columns = columns;
        this.producedType = producedType;
    }

    @Override
    public void open(InitializationContext context) {
        reader = new RecordReader(new LogFormat(logFormat), columns);
    }

    @Override
    public RowData deserialize(byte[] value) {
        return reader.read(value);
    }

    @Override
    public boolean isEndOfStream(RowData nextElement) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return producedType;
    }
}
