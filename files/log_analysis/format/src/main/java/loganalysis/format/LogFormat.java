package loganalysis.format;

import org.apache.flink.table.api.ValidationException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** nginx's log_format string: literals, and variables between them. */
final class LogFormat {
    private static final Pattern DOLLAR = Pattern.compile("\\$(?:([A-Za-z0-9_]+)|\\{([A-Za-z0-9_]+)\\})?");
    private static final List<String> REQUIRED = List.of("time_local", "request_time", "http_user_agent");

    /** Names of the variables, in order. */
    final List<String> names = new ArrayList<>();
    /** What each may be. */
    final List<Variable> variables = new ArrayList<>();
    /** One more than there are variables: the text before the first, between them, and after the last. */
    final List<byte[]> literals = new ArrayList<>();
    /** The definition of a line; the group i + 1 is the variable i. */
    final Pattern regex;

    /**
     * Parses the string.
     *
     * @throws ValidationException if a `$` has no name, or a variable is missing that the analysis needs
     */
    LogFormat(String format) {
        StringBuilder expression = new StringBuilder();
        Matcher matcher = DOLLAR.matcher(format);
        boolean quoted = false;
        int end = 0;
        while (matcher.find()) {
            String name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            if (name == null) {
                throw new ValidationException(String.format(
                        "The option access-log.log-format has a $ without the name of a variable at position %d: %s. "
                                + "nginx has no way to log a $ itself: name a variable after it, or remove it.",
                        matcher.start() + 1, format));
            }
            String literal = format.substring(end, matcher.start());
            quoted ^= literal.chars().filter(character -> character == '"').count() % 2 == 1;
            Variable variable = Variable.of(name, quoted);
            names.add(name);
            variables.add(variable);
            literals.add(literal.getBytes(StandardCharsets.UTF_8));
            expression.append(Pattern.quote(literal)).append('(').append(variable.regex).append(')');
            end = matcher.end();
        }
        String literal = format.substring(end);
        literals.add(literal.getBytes(StandardCharsets.UTF_8));
        regex = Pattern.compile(expression.append(Pattern.quote(literal)).toString());
        for (String name : REQUIRED) {
            if (index(name) < 0) {
                throw new ValidationException(String.format(
                        "The option access-log.log-format lacks the variable $%s, found: %s. "
                                + "Add it to the log's fields: the analysis needs $%s.",
                        name, format, String.join(", $", REQUIRED)));
            }
        }
    }

    /** Returns the place of the variable's first occurrence, -1 if the format lacks it. */
    int index(String name) {
        return names.indexOf(name);
    }
}
