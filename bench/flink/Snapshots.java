// The snapshot benchmarks of Flink's backends: recovery, savepoints, checkpoints, and latency beside checkpoints. See README.md.
//
// Prints records of what was compared. Exit codes: 2 if the command line is wrong, 1 if anything else failed.

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What was asked for. */
record Snapshots(List<Subject> subjects, int rows, int rounds, int seconds, long budgetBytes, Path directory) {
    /** Rows of the jobs that warm up what is measured. */
    static final int WARM_UP_ROWS = 50_000;
    /** Of the checkpoint and latency suites. */
    static final int VALUE_BYTES = 104;

    private static final Set<String> NAMES =
            Set.of("--suite", "--subject", "--rows", "--rounds", "--seconds", "--budget-bytes", "--directory");
    private static final String QUICK = "--quick";

    private static final int ROWS = 1_000_000;
    private static final int ROWS_QUICK = 200_000;
    private static final int ROUNDS = 5;
    private static final int ROUNDS_QUICK = 2;
    private static final int SECONDS = 10;
    private static final int SECONDS_QUICK = 3;
    private static final long BUDGET_BYTES = 512 << 20;

    public static void main(String[] given) {
        try {
            Arguments arguments = new Arguments(given, NAMES, Set.of(QUICK));
            run(arguments.text("--suite"), of(arguments));
        } catch (Arguments.Invalid e) {
            System.err.println("Snapshots: " + e.getMessage());
            System.exit(2);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
        // Flink leaves threads behind.
        System.exit(0);
    }

    Surroundings surroundings(Subject subject, boolean localCopies) throws IOException {
        return new Surroundings(subject, directory, budgetBytes, localCopies);
    }

    /** Prints a record. The caller has compared the contents. */
    void print(Figure figure) throws IOException {
        boolean onHeap = figure.subject().equals("flink-hashmap");
        figure.printVerified(onHeap ? 0 : budgetBytes);
    }

    /** How settings name a number of rows: 1M, 200k, 1234. */
    static String rowsName(int rows) {
        if (rows % 1_000_000 == 0) {
            return rows / 1_000_000 + "M";
        }
        return rows % 1_000 == 0 ? rows / 1_000 + "k" : Integer.toString(rows);
    }

    private static Snapshots of(Arguments arguments) throws Arguments.Invalid {
        boolean quick = arguments.has(QUICK);
        List<Subject> subjects = new ArrayList<>();
        for (String name : arguments.list("--subject")) {
            subjects.add(Subject.ofSnapshots(name));
        }
        return new Snapshots(
                subjects,
                arguments.small("--rows", quick ? ROWS_QUICK : ROWS),
                arguments.small("--rounds", quick ? ROUNDS_QUICK : ROUNDS),
                arguments.small("--seconds", quick ? SECONDS_QUICK : SECONDS),
                arguments.number("--budget-bytes", BUDGET_BYTES),
                arguments.path("--directory"));
    }

    private static void run(String suite, Snapshots options) throws Exception {
        List<String> names = options.subjects().stream().map(Subject::name).toList();
        boolean savepoints = names.stream().allMatch(List.of("flink-canonical", "flink-native")::contains);
        if (savepoints != suite.equals("savepoint")) {
            throw new Arguments.Invalid("suite savepoint has the subjects flink-canonical and flink-native, and no other suite has");
        }
        if (suite.equals("recovery") && names.contains("flink-hashmap")) {
            throw new Arguments.Invalid("suite recovery has keys that are arrays, which flink-hashmap cannot find again");
        }
        switch (suite) {
            case "recovery" -> new Recovery(options).run();
            case "savepoint" -> new Savepoints(options).run();
            case "checkpoint" -> new CheckpointCost(options).run();
            case "latency" -> new Latency(options).run();
            default -> throw new Arguments.Invalid("no such suite: " + suite);
        }
    }
}
