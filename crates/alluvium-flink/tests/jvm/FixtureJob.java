import org.apache.flink.api.java.tuple.Tuple2;

/** The class that the snapshots in `data/flink` name as their POJO's. */
public final class FixtureJob {
    private FixtureJob() {}

    /** A POJO as Flink sees one: public fields and a constructor without parameters. */
    @Json.Shown
    public static class Account {
        public int id;
        public String name;
        public double score;
        public Long nullable;
        public boolean flag;
        public Tuple2<String, Integer> pair;

        public Account() {}

        static Account of(long n) {
            Account account = new Account();
            account.id = (int) n;
            account.name = n % 5 == 4 ? null : "name-" + n;
            account.score = n * 1.1;
            account.nullable = n % 2 == 0 ? null : n * 10;
            account.flag = n % 3 == 0;
            account.pair = Tuple2.of("t" + n % 5, (int) n);
            return account;
        }
    }
}
