// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Testing

@testable import DaemonSupport

@Suite("Core dumps", .timeLimit(.minutes(2)))
struct CoreDumpTests {
    @Test("Core dumps are forbidden, and the process can still read its own statistics")
    func forbidden() {
        defer { _ = process_set_dumpable(1) }
        CoreDump.forbid()
        #expect(process_dumpable() == 0)
        #expect(access("/proc/self/stat", R_OK) == 0)
        let directory = opendir("/proc/self/fd")
        #expect(directory != nil)
        if let directory { closedir(directory) }
    }
}
