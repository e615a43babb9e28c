// SPDX-License-Identifier: Apache-2.0

/// The result of a request's handler: the answer, or the work that makes it.
///
/// An answer that is ready is written at once, without a task.
public enum HTTPAnswer: Sendable {
    case ready(HTTPResponse)
    /// Runs in a task on the connection's event loop, so it must not block. It is cancelled when the client goes.
    case pending(@Sendable () async -> HTTPResponse)

    /// The answer, after the work if there is any.
    public var response: HTTPResponse {
        get async {
            switch self {
            case .ready(let response): response
            case .pending(let work): await work()
            }
        }
    }

    /// The changed answer.
    public func map(_ change: @escaping @Sendable (HTTPResponse) -> HTTPResponse) -> HTTPAnswer {
        switch self {
        case .ready(let response): .ready(change(response))
        case .pending(let work): .pending { change(await work()) }
        }
    }
}
