package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlignedMemoryTest {
    /** All in floats; regions of 32 MB are those of a heap of 64 GB. */
    @ParameterizedTest(name = "{0} floats, half a region {1}: {2}")
    @CsvSource({
        // Small: a region is not worth it.
        "65536, 4194304, 65536",
        "1048575, 4194304, 1048575",
        // At most eight times as much as is needed.
        "1048576, 4194304, 4194304",
        // A region of 4 MB is cheaper.
        "65535, 524288, 65535",
        "65536, 524288, 524288",
        // Large: aligned as it is.
        "5000000, 4194304, 5000000",
    })
    void anArrayIsMadeHalfARegionLargeWhereThatIsWorthIt(long size, int halfRegion, long length) {
        assertEquals(length, AlignedMemory.length(size, halfRegion));
    }
}
