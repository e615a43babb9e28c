// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

@main
struct Main {
    static func main() async {
        // A reader of our output that has gone, such as `head`, ends the program quietly, as it ends cat(1).
        TerminalOutput.endAtClosedPipe()
        await JulesctlCommand.main()
    }
}
