// What all kinds of rows have, Flink's and the model's.

interface Rows {
    /** Makes them empty, and new. */
    void reset() throws Exception;

    /** Compacts what is stored, where that means something. */
    default void compact() throws Exception {}
}
