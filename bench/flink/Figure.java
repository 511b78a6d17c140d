// One measured number of one subject under one setting, as a line of JSON: docs/design/0006-benchmarks.md defines it.
//
// Is printed only after the contents were compared: there is no way to print an unverified one. The most memory that was in
// use is taken when a figure is made, before the comparison.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.runtime.util.EnvironmentInformation;

record Figure(
        String suite, String name, String subject, String setting, String measure, String unit, long residentBytesMax,
        double... rounds) {

    Figure(String suite, String name, String subject, String setting, String measure, String unit, double... rounds)
            throws IOException {
        this(suite, name, subject, setting, measure, unit, processBytesMax(), rounds);
    }

    /** Prints a record. The caller has compared the contents. */
    void printVerified(long budgetBytes) throws IOException {
        String numbers = Arrays.stream(rounds)
                .mapToObj(number -> String.format(Locale.ROOT, "%.3f", number))
                .collect(Collectors.joining(", "));
        String version = "Flink " + EnvironmentInformation.getVersion() + ", Java " + System.getProperty("java.version");
        System.out.println("{\"suite\": " + quoted(suite) + ", \"case\": " + quoted(name) + ", \"subject\": " + quoted(subject)
                + ", \"setting\": " + quoted(setting) + ", \"measure\": " + quoted(measure) + ", \"unit\": " + quoted(unit)
                + ", \"rounds\": [" + numbers + "], \"verified\": true, \"resident_bytes\": " + residentBytesMax
                + ", \"budget_bytes\": " + budgetBytes + ", \"version\": " + quoted(version) + "}");
        System.out.flush();
    }

    /** Forgets the memory that was in use until now, where the system lets a process do so. */
    static void forgetResidentBytes() {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            // Later figures then have the memory of earlier ones.
        }
    }

    /** The most memory that the process had in use so far. */
    private static long processBytesMax() throws IOException {
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
