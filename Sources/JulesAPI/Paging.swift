// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// The page that a list request asks for.
package struct Paging {
    /// The largest number of items on the page: 1 to 100.
    package var size: Int
    /// The token of the page; `nil` for the first page.
    package var token: String?

    /// Reads the parameters. A size above 100 becomes 100, and 0 becomes `standard`.
    ///
    /// - Throws: `APIError` if the size is not a number from 0 on.
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

/// The page token of the session list. Clients must not interpret it. It contains the last session of the page before,
/// and the filter of that request.
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

/// The text form of a page token. It is reversed and hexadecimal, so that no client takes a number in it for a
/// position.
package enum PageTokenText {
    /// The token with the content `plain`.
    package static func coded(_ plain: String) -> String { "Cg" + hexadecimal(plain.utf8.reversed()) }

    /// The content of a token; `nil` if the text is not a token.
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
