// SPDX-License-Identifier: Apache-2.0

extension UpstreamError {
    /// The API does not serve us, whatever the request was; a refusal of one request is none of that.
    var meansTrouble: Bool {
        switch self {
        // Without a code of the API's own it was a front end that answered: the address is wrong.
        case .refused(let status, let canonical, _, _): status == 403 || canonical == nil
        case .cancelled: false
        case .keyRejected, .otherAccount, .timedOut, .unreachable, .throttled, .failed, .undecodable: true
        }
    }

    /// The key does not count, or not for this API or this store: only a person can mend that.
    var refusesKey: Bool {
        switch self {
        case .keyRejected, .otherAccount: true
        case .refused(_, let canonical, _, _): canonical == "PERMISSION_DENIED"
        default: false
        }
    }
}
