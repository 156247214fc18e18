package dev.rondo.bench.cli;

import picocli.CommandLine.IVersionProvider;

/** Which Rondo this is, and what it runs on. */
public final class RondoVersion implements IVersionProvider {
    RondoVersion() {}

    /** The version that the jar's manifest names; classes that were not packed have none. */
    public static String number() {
        String version = RondoVersion.class.getPackage().getImplementationVersion();
        return version == null ? "(unpacked classes)" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "rondo " + number(),
            "Java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
            System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
