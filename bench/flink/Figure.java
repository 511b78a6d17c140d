// One measured number of one subject under one setting, as a line of JSON: docs/design/0006-benchmarks.md defines it.
//
// Is printed only after the contents were compared: there is no way to print an unverified one.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.runtime.util.EnvironmentInformation;

record Figure(String suite, String name, String subject, String setting, String measure, String unit, double... rounds) {

    /** Prints a record. The caller has compared the contents. */
    void printVerified(long budgetBytes) throws IOException {
        String numbers = Arrays.stream(rounds)
                .mapToObj(number -> String.format(Locale.ROOT, "%.3f", number))
                .collect(Collectors.joining(", "));
        String version = "Flink " + EnvironmentInformation.getVersion() + ", Java " + System.getProperty("java.version");
        System.out.println("{\"suite\": " + quoted(suite) + ", \"case\": " + quoted(name) + ", \"subject\": " + quoted(subject)
                + ", \"setting\": " + quoted(setting) + ", \"measure\": " + quoted(measure) + ", \"unit\": " + quoted(unit)
                + ", \"rounds\": [" + numbers + "], \"verified\": true, \"resident_bytes\": " + residentBytesMax()
                + ", \"budget_bytes\": " + budgetBytes + ", \"version\": " + quoted(version) + "}");
        System.out.flush();
    }

    /** The most memory that the process had in use so far. */
    private static long residentBytesMax() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
