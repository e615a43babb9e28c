// SPDX-License-Identifier: Apache-2.0

internal import CMalloc

/// The arenas out of which glibc serves the threads of the process (mallopt(3), M_ARENA_MAX).
///
/// By default there are eight for each processor, and what one thread has given back in one of them is of no use to the others.
public enum MemoryArenas {
    /// Bounds their number. To be called before there are other threads: an arena that is in use stays in use.
    public static func limit(to count: Int32) {
        // Where it fails, memory is as it would be without.
        _ = mallopt(M_ARENA_MAX, count)
    }
}
