// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// The paging part of a list request.
package struct Paging {
    /// How many items the page holds at most: 1 to 100.
    package var size: Int
    /// Where the page begins; `nil` for the first one.
    package var token: String?

    /// More than 100 is coerced to 100, 0 is the default, anything else that is no count is refused.
    package init(size: String?, token: String?, standard: Int) throws(APIError) {
        let wanted = size.map { Int32($0) } ?? 0
        guard let wanted, wanted >= 0 else {
            throw .invalid("page_size", "Invalid value at 'page_size' (TYPE_INT32), \"\(size ?? "")\"")
        }
        self.size = wanted == 0 ? standard : min(Int(wanted), 100)
        self.token = token.flatMap { $0.isEmpty ? nil : $0 }
    }

    package static let invalidToken = APIError.invalid("page_token", "The page token is not valid.")
}

/// The page token of the session list: opaque to clients, it names the last session told and the filter it was told under.
package struct SessionPageToken: Equatable {
    package var createTime: Timestamp
    package var id: String
    package var filter: String

    package var text: String { PageTokenText.coded("\(createTime.nanoseconds) \(id) \(filter)") }

    package init(createTime: Timestamp, id: String, filter: String) {
        self.createTime = createTime
        self.id = id
        self.filter = filter
    }

    package init?(_ text: String) {
        guard let plain = PageTokenText.plain(text) else { return nil }
        let parts = plain.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let nanoseconds = Int64(parts[0]) else { return nil }
        self.init(createTime: Timestamp(nanoseconds: nanoseconds), id: String(parts[1]), filter: String(parts[2]))
    }
}

/// How a token is written that clients must not read: reversed and in hexadecimal, so that nobody takes a number in it for a position.
package enum PageTokenText {
    /// The token that stands for `plain`.
    package static func coded(_ plain: String) -> String { "Cg" + hexadecimal(plain.utf8.reversed()) }

    /// What a token stands for; `nil` where it is none.
    package static func plain(_ token: String) -> String? {
        guard token.hasPrefix("Cg"), token.utf8.count % 2 == 0 else { return nil }
        let digits = Array(token.utf8.dropFirst(2))
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return String(validating: bytes.reversed(), as: UTF8.self)
    }
}
