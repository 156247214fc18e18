/** What every backend must do, as tests of JUnit. */
module dev.rondo.contract {
    requires transitive dev.rondo;
    requires transitive org.junit.jupiter.api;
    requires org.junit.jupiter.params;
    requires static org.apiguardian.api; // annotations of JUnit, which the compiler looks for

    exports dev.rondo.contract;

    opens dev.rondo.contract;
}
