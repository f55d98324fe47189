package loganalysis.format;

import static loganalysis.format.Records.event;
import static loganalysis.format.Records.join;
import static loganalysis.format.Records.number;
import static loganalysis.format.Records.text;
import static loganalysis.format.Rows.malformed;
import static loganalysis.format.Rows.read;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** What a record may be: an event with headers or without, or anything else. */
class FlumeEventTest {
    private static final byte[] NONE = {0};

    private static Map<Column, String> row(byte[]... parts) {
        return read(Records.FORMAT, join(parts));
    }

    @Test
    void anEventMayHaveHeaders() {
        byte[] body = text("x".repeat(300));
        byte[] header = join(text("host"), text("web01"));
        Map<Column, String> expected = malformed("x".repeat(300));
        assertEquals(expected, row(NONE, body));
        assertEquals(expected, row(number(1), header, NONE, body));
        assertEquals(expected, row(number(2), header, header, NONE, body));
        assertEquals(expected, row(number(1), header, number(1), header, NONE, body));
        // With a negative count the block's size in bytes follows.
        assertEquals(expected, row(number(-2), number(2 * header.length), header, header, NONE, body));
        assertEquals(expected, row(number(1), text(""), text(""), NONE, body));
        assertEquals(expected, row(number(1), new byte[] {2, (byte) 0xFF, 0}, NONE, body));
        // 0 in two bytes.
        assertEquals(expected, row(new byte[] {(byte) 0x80, 0}, body));
        assertEquals(malformed(""), row(NONE, NONE));
    }

    @Test
    void noValueAndAnEmptyOneAreMalformed() {
        assertEquals(malformed(""), read(Records.FORMAT, null));
        assertEquals(malformed(""), read(Records.FORMAT, new byte[0]));
    }

    @Test
    void everyByteAlone() {
        for (int value = 0; value < 256; value++) {
            byte[] record = {(byte) value};
            String text = value == 0 ? "" : value < 128 ? String.valueOf((char) value) : "\ufffd";
            assertEquals(malformed(text), read(Records.FORMAT, record), "the byte " + value);
        }
    }

    @Test
    void everyByteInABody() {
        byte[] body = new byte[256];
        StringBuilder text = new StringBuilder();
        for (int value = 0; value < body.length; value++) {
            body[value] = (byte) value;
            text.append(value == 0 ? "" : value < 128 ? String.valueOf((char) value) : "\ufffd");
        }
        assertEquals(malformed(text.toString()), read(Records.FORMAT, event(body)));
    }

    @Test
    void tenMegabytesOfZeros() {
        assertEquals(malformed(""), read(Records.FORMAT, new byte[10_000_000]));
        assertEquals(malformed(""), read(Records.FORMAT, event(new byte[10_000_000])));
        assertEquals(malformed("x".repeat(1000)), read("x".repeat(10_000_000)));
    }

    @Test
    void aCutEventIsShownWhole() {
        byte[] whole = join(number(-1), number(6), text("k"), text("v"), NONE, text("body"));
        assertEquals(malformed("body"), read(Records.FORMAT, whole));
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertEquals(malformed(new String(cut, StandardCharsets.UTF_8).replace("\0", "")), read(Records.FORMAT, cut));
        }
    }

    @Test
    void whatFollowsAnEventMakesItNone() {
        byte[] record = join(event("body"), NONE);
        assertEquals(malformed("\bbody"), read(Records.FORMAT, record));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -64, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32, 5})
    void lengthsThatCannotBe(long length) {
        FlumeEvent event = new FlumeEvent();
        assertFalse(event.read(join(NONE, number(length), Records.bytes("body"))));
        assertFalse(event.read(join(number(1), number(length), Records.bytes("body"), NONE, NONE)));
        assertFalse(event.read(join(number(1), text("k"), number(length), Records.bytes("body"))));
        assertFalse(event.read(join(number(length), Records.bytes("body"))));
        assertFalse(event.read(join(number(-1), number(length))));
    }

    @Test
    void aNumberOfMoreThanTenBytes() {
        byte[] endless = new byte[30];
        Arrays.fill(endless, (byte) 0x80);
        assertFalse(new FlumeEvent().read(endless));
        assertFalse(new FlumeEvent().read(join(NONE, endless)));
    }

    @Test
    void otherSchemas() {
        // A schema registry's: the magic byte, a schema id, the record.
        byte[] registry = join(new byte[] {0, 0, 0, 0, 7}, event("body"));
        assertEquals(malformed("\u0007\bbody"), read(Records.FORMAT, registry));
        // JSON, and an Avro file.
        assertEquals(malformed("{\"a\": 1}"), read(Records.FORMAT, Records.bytes("{\"a\": 1}")));
        assertEquals(malformed("Obj\u0001\u0004\u0014avro.codec\bnull"), row(Records.bytes("Obj\u0001"), number(2), text("avro.codec"), text("null"), NONE));
    }

    @Test
    void anythingElseMakesARow() {
        Random random = new Random(20261010);
        RecordReader reader = new RecordReader(new LogFormat(Records.FORMAT), Column.values());
        for (int round = 0; round < 200_000; round++) {
            byte[] record = new byte[random.nextInt(40)];
            random.nextBytes(record);
            // Small numbers, such as those of counts and lengths.
            for (int index = 0; index < record.length; index++) {
                record[index] = random.nextInt(3) > 0 ? (byte) random.nextInt(12) : record[index];
            }
            Map<Column, String> row = Rows.contents(reader.read(record));
            assertEquals(Set.of(Column.MALFORMED), row.keySet());
        }
    }
}
