// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Why a command failed.
enum ControlError: Error, CustomStringConvertible {
    /// The daemon cannot be reached; `hint` says what to try.
    case unreachable(address: String, reason: String, hint: String)
    /// The daemon answered with an error.
    case refused(status: Int, code: String, message: String)
    /// The client cannot understand the answer.
    case unexpected(String)
    /// The command itself failed.
    case failed(String)

    var exitCode: ExitCode {
        if case .unreachable = self { ExitCode(2) } else { ExitCode(1) }
    }

    var description: String {
        switch self {
        case .unreachable(let address, let reason, let hint):
            "cannot reach julesd at \(address): \(reason)\nhint: \(hint)"
        case .refused(401, _, let message):
            "\(message)\nhint: give the token by JULESCTL_TOKEN, JULESCTL_TOKEN_FILE or --token-file; "
                + "on the Unix socket membership in the group julesd takes its place"
        case .refused(_, _, let message): message
        case .unexpected(let reason): "the daemon's answer is not understood: \(reason)"
        case .failed(let reason): reason
        }
    }
}
