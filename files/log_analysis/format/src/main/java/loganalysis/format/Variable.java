package loganalysis.format;

/** What the text of a variable of nginx may be, as a regular expression. */
enum Variable {
    /** A time that exists. */
    TIME_LOCAL("(?:(?:0[1-9]|1[0-9]|2[0-8])/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
            + "|(?:29|30)/(?:Jan|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|31/(?:Jan|Mar|May|Jul|Aug|Oct|Dec)"
            + "|29/Feb(?=/(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)))"
            + "/(?!0000)[0-9]{4}:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] [+-](?:[01][0-9]|2[0-3])[0-5][0-9]"),
    REQUEST_TIME("[0-9]{1,9}\\.[0-9]{3}"),
    STATUS("[0-9]{3}"),
    BODY_BYTES_SENT("[0-9]{1,18}?"),
    /** Inside quotes, and $remote_user everywhere. */
    QUOTED("[^\"]*?"),
    BARE("[^\\u0000-\\u0020\"]+?");

    final String regex;

    Variable(String regex) {
        this.regex = regex;
    }

    /** Returns the kind of the variable `name`, which stands inside quotes or not. */
    static Variable of(String name, boolean quoted) {
        switch (name) {
            case "time_local":
                return TIME_LOCAL;
            case "request_time":
                return REQUEST_TIME;
            case "status":
                return STATUS;
            case "body_bytes_sent":
                return BODY_BYTES_SENT;
            case "remote_user":
                return QUOTED;
            default:
                return quoted ? QUOTED : BARE;
        }
    }
}
