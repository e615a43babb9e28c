// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

@main
struct Main {
    static func main() async {
        // If the reader of the output has gone, as `head` does, the program ends without a message, like cat(1).
        TerminalOutput.endAtClosedPipe()
        await JulesctlCommand.main()
    }
}
