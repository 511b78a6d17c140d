// The access benchmark of one of Flink's backends, one kind of state, under one setting: see README.md.
//
// Prints a record for each case, once the state that the case shares with others was compared with what it must hold.
// Exit codes: 2 if the command line is wrong, 1 if anything else failed.

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

final class Access {
    private static final Set<String> NAMES = Set.of("--subject", "--kind", "--rows", "--value-bytes", "--budget-bytes", "--setting",
            "--rounds", "--round-ms", "--directory", "--cases");

    private final Subject subject;
    private final String setting;
    private final int rounds;
    private final long roundNanos;
    private final long budgetBytes;
    private final List<String> cases;

    private Access(Arguments arguments) throws Arguments.Invalid {
        subject = Subject.ofAccess(arguments.text("--subject"));
        setting = arguments.text("--setting");
        rounds = arguments.small("--rounds");
        roundNanos = arguments.number("--round-ms") * 1_000_000;
        budgetBytes = arguments.number("--budget-bytes");
        cases = arguments.has("--cases") ? arguments.list("--cases") : List.of();
    }

    public static void main(String[] given) {
        try {
            Arguments arguments = new Arguments(given, NAMES, Set.of());
            Access access = new Access(arguments);
            int keys = arguments.small("--rows");
            int bytes = arguments.small("--value-bytes", Long.BYTES);
            if (bytes % Long.BYTES != 0) {
                throw new Arguments.Invalid("--value-bytes needs a multiple of 8, not " + bytes);
            }
            try (Surroundings surroundings =
                    new Surroundings(access.subject, arguments.path("--directory"), access.budgetBytes, false)) {
                access.run(kind(arguments.text("--kind"), surroundings, keys, bytes));
            }
        } catch (Arguments.Invalid e) {
            System.err.println("Access: " + e.getMessage());
            System.exit(2);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
        // Flink leaves threads behind.
        System.exit(0);
    }

    private static Kind<?> kind(String name, Surroundings surroundings, int keys, int bytes) throws Arguments.Invalid {
        return switch (name) {
            case "value" -> new ValueKind(surroundings, keys, bytes);
            case "list" -> new ListKind(surroundings, keys);
            case "map" -> new MapKind(surroundings, keys);
            case "timers" -> new TimerKind(surroundings, keys);
            case "ttl" -> ValueKind.expiring(surroundings, keys, bytes);
            default -> throw new Arguments.Invalid("no such kind: " + name);
        };
    }

    private <R extends Rows> void run(Kind<R> kind) throws Exception {
        List<String> known = kind.groups().stream().flatMap(group -> group.cases().stream()).map(Case::name).toList();
        for (String name : cases) {
            if (!known.contains(name)) {
                throw new Arguments.Invalid("no such case: " + name + "; there are " + known);
            }
        }
        for (Case.Group<R> group : kind.groups()) {
            List<Case<R>> chosen = group.cases().stream().filter(one -> cases.isEmpty() || cases.contains(one.name())).toList();
            if (!chosen.isEmpty()) {
                run(kind, group.prestate(), chosen);
            }
        }
    }

    private <R extends Rows> void run(Kind<R> kind, Case.Prestate<R> prestate, List<Case<R>> chosen) throws Exception {
        Figure.forgetResidentBytes();
        prestate.prepare(kind.measured());
        prestate.prepare(kind.model());
        List<Figure> figures = new ArrayList<>();
        for (Case<R> one : chosen) {
            System.err.println(subject.name() + ", " + setting + ": " + one.name());
            Rounds taken = Rounds.measure(one, prestate, kind.measured(), rounds, roundNanos);
            taken.replay(one, prestate, kind.model());
            figures.add(new Figure("access", one.name(), subject.name(), setting, "rate", "1/s", taken.rates));
        }
        kind.compare();
        for (Figure figure : figures) {
            figure.printVerified(subject.budget(budgetBytes));
        }
    }
}
