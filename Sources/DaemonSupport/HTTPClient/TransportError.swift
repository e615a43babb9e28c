// SPDX-License-Identifier: Apache-2.0

/// Why a request got no complete answer. `sent` tells whether any of it left this machine.
public enum TransportError: Error, Equatable, CustomStringConvertible {
    /// The peer was too slow.
    case timedOut(sent: Bool)
    /// No connection, or one that broke: name not found, refused, reset, the answer cut short.
    case unreachable(reason: String, sent: Bool)
    /// The peer's certificate is not trusted, or no secure connection came about.
    case tls(reason: String)
    /// The answer is longer than the request allows.
    case tooLarge
    /// The task was cancelled, or the client shut down.
    case cancelled(sent: Bool)
    /// The request cannot be sent as it is; nothing was tried.
    case invalid(reason: String)

    /// False where the peer certainly saw nothing of the request, so that even one that must happen once may be sent
    /// again.
    public var requestMayHaveArrived: Bool {
        switch self {
        case .timedOut(let sent), .unreachable(_, let sent), .cancelled(let sent): sent
        case .tooLarge: true
        case .tls, .invalid: false
        }
    }

    /// The failure as a sentence for a log. It names the host at most, never the URL.
    public var description: String {
        switch self {
        case .timedOut: "no answer in time"
        case .unreachable(let reason, _): reason
        case .tls(let reason): reason
        case .tooLarge: "the answer is too large"
        case .cancelled: "cancelled"
        case .invalid(let reason): reason
        }
    }
}
