package loganalysis.format;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/**
 * Prints the rows of records, for a comparison with another program. The argument is the log_format; each line of the
 * input is a record, each line of the output its columns that are not NULL, NAME=TEXT. Records and texts are hexadecimal.
 */
public final class PrintRows {
    private PrintRows() {}

    public static void main(String[] arguments) throws IOException {
        RecordReader reader = new RecordReader(new LogFormat(arguments[0]), Column.values());
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder output = new StringBuilder();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            byte[] record = new byte[line.length() / 2];
            for (int index = 0; index < record.length; index++) {
                record[index] = (byte) Integer.parseInt(line.substring(2 * index, 2 * index + 2), 16);
            }
            output.append(Rows.contents(reader.read(record)).entrySet().stream()
                    .map(field -> field.getKey().sqlName() + "=" + hexadecimal(field.getValue()))
                    .collect(Collectors.joining(" "))).append('\n');
        }
        System.out.print(output);
    }

    private static String hexadecimal(String text) {
        StringBuilder digits = new StringBuilder();
        for (byte next : Records.bytes(text)) {
            digits.append(String.format("%02x", next & 0xFF));
        }
        return digits.toString();
    }
}
