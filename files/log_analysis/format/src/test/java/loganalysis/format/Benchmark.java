package loganalysis.format;

import org.apache.flink.table.data.RowData;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Measures lines per second of one core, by the thread's CPU time. It is no test and in no jar: after `mvn test-compile` run it with
 * `java -cp CLASSES:TEST_CLASSES:JARS_OF_FLINK loganalysis.format.Benchmark`.
 */
public final class Benchmark {
    private static final int LINES = 20_000;
    private static final int ROUNDS = 100;
    private static final Column[] ALL = Column.values();
    private static final Column[] STATISTICS = {Column.EVENT_TIME, Column.REQUEST_MS, Column.AGENT, Column.MALFORMED};

    private Benchmark() {}

    public static void main(String[] arguments) {
        byte[][] lines = new byte[LINES][];
        byte[][] malformed = new byte[LINES][];
        long bytes = 0;
        for (int index = 0; index < LINES; index++) {
            String line = line(index);
            lines[index] = Records.event(line);
            malformed[index] = Records.event(line.replace("HTTP/1.1\" ", "HTTP/1.1 "));
            bytes += line.length();
        }
        System.out.printf(Locale.ROOT, "%d bytes a line%n", bytes / LINES);
        for (int time = 0; time < 3; time++) {
            measure("all columns", ALL, lines);
            measure("statistics alone", STATISTICS, lines);
            measure("malformed", ALL, malformed);
        }
    }

    private static String line(int index) {
        return String.format(Locale.ROOT, "192.168.122.%d - - [10/Oct/2026:13:%02d:%02d +0000] "
                        + "\"POST /segment/%d?page=%d HTTP/1.1\" %d %d 0.%03d "
                        + "\"-\" \"Mozilla/5.0 (X11; Linux x86_64) "
                        + "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\"",
                index % 250, index / 60_000, index / 1000 % 60,
                index % 97, index % 13, index % 50 == 0 ? 500 : 200, index % 9000, index % 1000);
    }

    private static void measure(String name, Column[] columns, byte[][] lines) {
        RecordReader reader = new RecordReader(new LogFormat(Records.FORMAT), columns);
        long kept = 0;
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        for (int round = 0; round < ROUNDS; round++) {
            for (byte[] line : lines) {
                RowData row = reader.read(line);
                kept += row.isNullAt(0) ? 0 : 1;
            }
        }
        double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "%-17s %,12.0f lines/s, %d are good%n",
                name, (double) ROUNDS * lines.length / seconds, kept / ROUNDS);
    }
}
