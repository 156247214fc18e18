/** Complete models. */
module dev.rondo.model {
    requires transitive dev.rondo;

    exports dev.rondo.model;
}
