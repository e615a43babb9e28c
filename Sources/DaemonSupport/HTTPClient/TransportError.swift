// SPDX-License-Identifier: Apache-2.0

/// Why a request got no complete answer. `sent` says whether any part of the request was sent.
public enum TransportError: Error, Equatable, CustomStringConvertible {
    /// The server was too slow.
    case timedOut(sent: Bool)
    /// There was no connection or it broke: the name was not found, the connection was refused or reset, or the answer
    /// was cut short.
    case unreachable(reason: String, sent: Bool)
    /// The server's certificate is not trusted, or no secure connection could be made.
    case tls(reason: String)
    /// The answer is longer than the request allows.
    case tooLarge
    /// The task was cancelled, or the client shut down.
    case cancelled(sent: Bool)
    /// The request cannot be sent in this form. Nothing was sent.
    case invalid(reason: String)

    /// The reason as a clause for a log. It may name the host, but never the URL.
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
