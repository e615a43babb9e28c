// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

@main
struct Main {
    static func main() async {
        StandardDescriptors.openClosed()
        // Before any secret is read, with every verb.
        CoreDump.forbid()
        await JulesdCommand.main()
    }
}
