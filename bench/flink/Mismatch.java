// What a backend holds or returned is not what it must.

final class Mismatch extends Exception {
    private static final long serialVersionUID = 1;

    Mismatch(String what) {
        super(what);
    }

    static void unlessEqual(String what, long found, long expected) throws Mismatch {
        if (found != expected) {
            throw new Mismatch(what + ": " + found + " instead of " + expected);
        }
    }
}
