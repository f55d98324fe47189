package loganalysis.format;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;

import java.util.List;
import java.util.Set;

/** Makes `'format' = 'access-log'` known to Flink SQL: lines of nginx's log as Flume's Kafka channel writes them. */
public final class AccessLogFormatFactory implements DeserializationFormatFactory {
    public static final String IDENTIFIER = "access-log";

    public static final ConfigOption<String> LOG_FORMAT = ConfigOptions.key("log-format")
            .stringType()
            .noDefaultValue()
            .withDescription("nginx's log_format string of the lines.");

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(LOG_FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        FactoryUtil.validateFactoryOptions(this, options);
        String logFormat = options.get(LOG_FORMAT);
        new LogFormat(logFormat);
        return new DecodingFormat<>() {
            @Override
            public DeserializationSchema<RowData> createRuntimeDecoder(DynamicTableSource.Context source, DataType type) {
                return new AccessLogDeserializationSchema(logFormat, columns(type), source.createTypeInformation(type));
            }

            @Override
            public ChangelogMode getChangelogMode() {
                return ChangelogMode.insertOnly();
            }
        };
    }

    /** Returns the columns that a table declares, in its order. */
    static Column[] columns(DataType row) {
        List<String> names = DataType.getFieldNames(row);
        List<DataType> types = DataType.getFieldDataTypes(row);
        Column[] columns = new Column[names.size()];
        for (int index = 0; index < columns.length; index++) {
            columns[index] = column(names.get(index), types.get(index).getLogicalType());
        }
        return columns;
    }

    private static Column column(String name, LogicalType type) {
        Column column = Column.named(name);
        if (column == null) {
            throw new ValidationException(String.format(
                    "The format access-log has no column %s. Remove it, or declare it as a computed or metadata column. "
                            + "Its columns are %s.",
                    name, Column.list()));
        }
        if (!column.type.getLogicalType().equals(type)) {
            throw new ValidationException(String.format(
                    "The column %s of the format access-log must be declared as %s, found: %s. Its columns are %s.",
                    name, column.type.getLogicalType().asSummaryString(), type.asSummaryString(), Column.list()));
        }
        return column;
    }
}
