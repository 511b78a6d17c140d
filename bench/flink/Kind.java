// A kind of state that the access benchmark measures: its cases, Flink's rows, and the model that they are compared with.

import java.util.List;

interface Kind<R extends Rows> {
    List<Case.Group<R>> groups();

    R measured();

    R model();

    /** Compares every key that there can be. Throws if anything differs. */
    void compare() throws Exception;
}
