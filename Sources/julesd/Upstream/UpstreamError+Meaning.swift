// SPDX-License-Identifier: Apache-2.0

extension UpstreamError {
    /// The API answered that it does not know what was asked for.
    var isNotFound: Bool {
        if case .refused(let status, _, _, _) = self { status == 404 } else { false }
    }

    /// An answer that says nothing about whether the request was carried out (observed for creations).
    var isFailedPrecondition: Bool {
        if case .refused(_, let canonical, _, _) = self { canonical == "FAILED_PRECONDITION" } else { false }
    }

    /// How long the API asks to be left alone.
    var retryAfter: Duration? {
        if case .throttled(let retryAfter) = self { retryAfter } else { nil }
    }

    /// The API does not serve us, whatever the request was.
    var meansTrouble: Bool {
        switch self {
        case .refused, .cancelled: false
        case .keyRejected, .timedOut, .unreachable, .throttled, .failed, .undecodable: true
        }
    }
}
