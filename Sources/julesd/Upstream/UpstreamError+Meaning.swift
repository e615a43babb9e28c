// SPDX-License-Identifier: Apache-2.0

extension UpstreamError {
    /// Whether the API does not serve us, whatever the request was. The refusal of one request is no trouble.
    var meansTrouble: Bool {
        switch self {
        // Without the API's own code a front end has answered: the address is wrong.
        case .refused(let status, let canonical, _, _): status == 403 || canonical == nil
        case .cancelled, .withheld: false
        case .keyRejected, .otherAccount, .timedOut, .unreachable, .throttled, .failed, .undecodable: true
        }
    }

    /// Whether the key is not valid, or not for this API or this store. Only a person can correct that.
    var refusesKey: Bool {
        switch self {
        case .keyRejected, .otherAccount: true
        case .refused(_, let canonical, _, _): canonical == "PERMISSION_DENIED"
        default: false
        }
    }
}
