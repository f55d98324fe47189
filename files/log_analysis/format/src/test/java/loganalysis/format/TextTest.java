package loganalysis.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Text agrees with Java's own decoder, and replaces as Unicode recommends. */
class TextTest {
    private static final int[] EDGES = {
        0, 1, 0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    };

    private static boolean isUtf8(byte[] text) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
            return true;
        } catch (CharacterCodingException invalid) {
            return false;
        }
    }

    @Test
    void agreesWithJavasDecoder() {
        Random random = new Random(3);
        for (int round = 0; round < 100_000; round++) {
            byte[] text = new byte[random.nextInt(20)];
            for (int index = 0; index < text.length; index++) {
                text[index] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : EDGES[random.nextInt(EDGES.length)]);
            }
            assertEquals(isUtf8(text), Text.isUtf8(text, 0, text.length));
            if (isUtf8(text)) {
                String decoded = new String(text, StandardCharsets.UTF_8);
                assertEquals(decoded.replace("\0", ""), cleaned(text, 100));
            }
        }
    }

    private static String cleaned(byte[] text, int limit) {
        byte[] clean = Text.clean(text, 0, text.length, limit);
        assertEquals(true, isUtf8(clean));
        return new String(clean, StandardCharsets.UTF_8);
    }

    @Test
    void everyCharacter() {
        for (int character = 1; character <= Character.MAX_CODE_POINT; character++) {
            if (character < Character.MIN_SURROGATE || character > Character.MAX_SURROGATE) {
                byte[] text = Records.bytes(Character.toString(character));
                assertEquals(true, Text.isUtf8(text, 0, text.length));
                assertEquals(text.length, Text.clean(text, 0, text.length, 1).length);
            }
        }
    }

    /** Expected is what CPython's and browsers' decoders make of it, too. */
    @ParameterizedTest
    @CsvSource({
        "41 80 42, A*B", "C0 80, **", "C1 BF, **", "C2 41, *A", "C2, *", "E0 80 80, ***", "E2 82 41, *A", "E2 82, *", "ED A0 80, ***",
        "ED B0 80 41, ***A", "F0 80 80 80, ****", "F0 9F 98 41, *A", "F0 9F 41, *A", "F4 90 80 80, ****", "F5 80, **", "FF FE, **",
        "F8 88 80 80 80, *****", "61 F1 80 80 E1 80 C2 62 80 63 80 BF 64, a***b*c**d", "00 80 00, *",
    })
    void replacesMaximalSubparts(String bytes, String expected) {
        String[] numbers = bytes.split(" ");
        byte[] text = new byte[numbers.length];
        for (int index = 0; index < text.length; index++) {
            text[index] = (byte) Integer.parseInt(numbers[index], 16);
        }
        assertEquals(expected.replace('*', '\ufffd'), cleaned(text, 100));
        assertEquals(false, Text.isUtf8(text, 0, text.length));
        assertEquals(expected.substring(0, 1).replace('*', '\ufffd'), cleaned(text, 1));
    }

    @Test
    void everyPlaceInAnEightBytes() {
        for (int length = 0; length < 40; length++) {
            byte[] text = new byte[length];
            Arrays.fill(text, (byte) 0x23);
            assertEquals(true, Text.isPlain(text, 0, length));
            assertEquals(length, Text.indexOf(text, 0, length, '"'));
            for (int at = 0; at < length; at++) {
                text[at] = '"';
                assertEquals(at, Text.indexOf(text, 0, length, '"'));
                assertEquals(at, Text.indexOf(text, at, length, '"'));
                assertEquals(length, Text.indexOf(text, at + 1, length, '"'));
                for (int special : new int[] {0, 0x80, 0xFF}) {
                    text[at] = (byte) special;
                    assertEquals(false, Text.isPlain(text, 0, length));
                    assertEquals(true, Text.isPlain(text, 0, at) && Text.isPlain(text, at + 1, length));
                }
                text[at] = 0x21;
            }
        }
    }
}
