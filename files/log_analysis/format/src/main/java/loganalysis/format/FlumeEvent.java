package loganalysis.format;

/** The record of Flume's Kafka channel: bare Avro of a map of strings (the headers), then bytes (the body). */
final class FlumeEvent {
    /** Where the body begins in the record that was read last; it ends with the record. */
    int body;

    private byte[] record;
    private int position;

    /** Returns whether the record is an event and nothing else. */
    boolean read(byte[] value) {
        record = value;
        position = 0;
        boolean event = headers() && number() == value.length - (body = position);
        record = null;
        return event;
    }

    /** Skips the map: blocks of a count and so many entries, until a count of 0. A negative count has a size after it. */
    private boolean headers() {
        for (long count = number(); count != 0; count = number()) {
            if (count < 0) {
                count = -count;
                number();
            }
            if (count < 0) {
                return false;
            }
            for (; count > 0; count--) {
                if (!text() || !text()) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean text() {
        long length = number();
        if (length < 0 || length > record.length - position) {
            return false;
        }
        position += (int) length;
        return true;
    }

    /** Reads a zigzag number. After one that is cut off or too long nothing more can be read. */
    private long number() {
        long number = 0;
        for (int shift = 0; shift < 64 && position >= 0 && position < record.length; shift += 7) {
            byte next = record[position++];
            number |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return number >>> 1 ^ -(number & 1);
            }
        }
        position = Integer.MIN_VALUE;
        return Long.MIN_VALUE;
    }
}
