package loganalysis.format;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Makes records as Flume's Kafka channel writes them. */
final class Records {
    /** The project's own log_format. */
    static final String FORMAT = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent $request_time "
            + "\"$http_referer\" \"$http_user_agent\"";

    private Records() {}

    static byte[] event(String line) {
        return event(bytes(line));
    }

    /** An event without headers. */
    static byte[] event(byte[] body) {
        return join(new byte[] {0}, number(body.length), body);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A number of Avro: zigzag, seven bits a byte, the lowest first. */
    static byte[] number(long number) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        long rest = number << 1 ^ number >> 63;
        for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
            encoded.write((int) (rest & 0x7F | 0x80));
        }
        encoded.write((int) rest);
        return encoded.toByteArray();
    }

    /** A string or bytes of Avro. */
    static byte[] text(String text) {
        return join(number(bytes(text).length), bytes(text));
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
