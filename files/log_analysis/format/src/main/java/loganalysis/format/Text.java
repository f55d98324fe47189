package loganalysis.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** UTF-8 in bytes, without making strings of them. */
final class Text {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHEST_BITS = 0x8080808080808080L;
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

    private Text() {}

    /** Returns whether all bytes are ASCII, and none is NUL. */
    static boolean isPlain(byte[] text, int begin, int end) {
        long found = 0;
        int at = begin;
        for (; at <= end - 8; at += 8) {
            long eight = (long) LONG.get(text, at);
            // The highest bit of a byte: set in `eight` if it is not ASCII, and by the subtraction if it is NUL.
            found |= eight | eight - ONES & ~eight;
        }
        for (; at < end; at++) {
            found |= text[at] | text[at] - 1;
        }
        return (found & HIGHEST_BITS) == 0;
    }

    /** Returns where the ASCII character is, `end` if it is not there. */
    static int indexOf(byte[] text, int begin, int end, char character) {
        long sought = character * ONES;
        int at = begin;
        for (; at <= end - 8; at += 8) {
            long differences = (long) LONG.get(text, at) ^ sought;
            // The lowest of the bits that are set is that of the first byte without a difference.
            long equal = differences - ONES & ~differences & HIGHEST_BITS;
            if (equal != 0) {
                return at + (Long.numberOfTrailingZeros(equal) >> 3);
            }
        }
        while (at < end && text[at] != character) {
            at++;
        }
        return Math.min(at, end);
    }

    /** Returns whether the bytes are UTF-8. */
    static boolean isUtf8(byte[] text, int begin, int end) {
        int length;
        for (int at = begin; at < end; at += length) {
            length = text[at] >= 0 ? 1 : sequence(text, at, end);
            if (length < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns at most `limit` characters without NUL, with U+FFFD for what is not UTF-8. */
    static byte[] clean(byte[] text, int begin, int end, int limit) {
        byte[] kept = new byte[(int) Math.min(3L * (end - begin), 4L * limit)];
        int size = 0;
        int at = begin;
        for (int characters = 0; at < end && characters < limit; ) {
            int length = sequence(text, at, end);
            if (length < 0) {
                System.arraycopy(REPLACEMENT, 0, kept, size, REPLACEMENT.length);
                size += REPLACEMENT.length;
                characters++;
            } else if (text[at] != 0) {
                System.arraycopy(text, at, kept, size, length);
                size += length;
                characters++;
            }
            at += Math.abs(length);
        }
        return Arrays.copyOf(kept, size);
    }

    /**
     * Returns the number of bytes of the character at `at`, negative if there is none: then of the bytes that one U+FFFD
     * replaces (The Unicode Standard, 3.9, "maximal subpart").
     */
    private static int sequence(byte[] text, int at, int end) {
        int lead = text[at] & 0xFF;
        if (lead < 0x80) {
            return 1;
        }
        if (lead < 0xC2 || lead > 0xF4) {
            return -1;
        }
        int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        // The second byte decides: no longer form than needed, no surrogate, nothing above U+10FFFF.
        int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        int most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        for (int index = 1; index < length; index++) {
            int next = at + index < end ? text[at + index] & 0xFF : 0;
            if (next < least || next > most) {
                return -index;
            }
            least = 0x80;
            most = 0xBF;
        }
        return length;
    }
}
