package dev.rondo.io;

/** What is asked of the checksum of a file that is opened. */
public enum Integrity {
    /**
     * A checksum that the file carries is verified; a file without one is accepted. The choice for files of other
     * programs. Damage to the name of the checksum's own metadata entry can go unseen.
     */
    IF_PRESENT,

    /**
     * The file must carry a checksum and agree with it. The choice for files that {@link Safetensors#write} made: any
     * changed, missing or added byte is an error.
     */
    REQUIRED
}
