// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

@main
struct Main {
    static func main() async {
        // One for each of two event loops; see docs/adr/0031-push.md for the figures.
        MemoryArenas.limit(to: 2)
        StandardDescriptors.openClosed()
        // Before any secret is read, with every verb.
        CoreDump.forbid()
        await JulesdCommand.main()
    }
}
