// The command line: "--name value" pairs and flags.

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

final class Arguments {
    /** Something is wrong with the command line. */
    static final class Invalid extends Exception {
        private static final long serialVersionUID = 1;

        Invalid(String what) {
            super(what);
        }
    }

    private final Map<String, String> given = new TreeMap<>();

    Arguments(String[] arguments, Set<String> names, Set<String> flags) throws Invalid {
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            if (flags.contains(name)) {
                given.put(name, "");
            } else if (!names.contains(name)) {
                throw new Invalid("unknown argument " + name + "; there are " + names + " and " + flags);
            } else if (i + 1 == arguments.length) {
                throw new Invalid(name + " needs a value");
            } else {
                given.put(name, arguments[++i]);
            }
        }
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    String text(String name) throws Invalid {
        if (!given.containsKey(name)) {
            throw new Invalid(name + " is missing");
        }
        return given.get(name);
    }

    /** A number from 1. */
    long number(String name) throws Invalid {
        try {
            long number = Long.parseLong(text(name));
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for numbers below 1.
        }
        throw new Invalid(name + " needs a number from 1, not " + text(name));
    }

    long number(String name, long otherwise) throws Invalid {
        return has(name) ? number(name) : otherwise;
    }

    int small(String name) throws Invalid {
        long number = number(name);
        if (number > Integer.MAX_VALUE) {
            throw new Invalid(name + " is too large: " + number);
        }
        return (int) number;
    }

    int small(String name, int otherwise) throws Invalid {
        return has(name) ? small(name) : otherwise;
    }

    List<String> list(String name) throws Invalid {
        return Arrays.asList(text(name).split(","));
    }

    Path path(String name) throws Invalid {
        return Path.of(text(name));
    }
}
