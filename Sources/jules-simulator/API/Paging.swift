// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The paging part of a list request.
struct Paging {
    /// How many items the page holds at most: 1 to 100.
    var size: Int
    /// Where the page begins; `nil` for the first one.
    var token: String?

    /// More than 100 is coerced to 100, 0 is the default, anything else that is no count is refused.
    init(size: String?, token: String?, standard: Int) throws(APIError) {
        let wanted = size.map { Int32($0) } ?? 0
        guard let wanted, wanted >= 0 else {
            throw .invalid("page_size", "Invalid value at 'page_size' (TYPE_INT32), \"\(size ?? "")\"")
        }
        self.size = wanted == 0 ? standard : min(Int(wanted), 100)
        self.token = token.flatMap { $0.isEmpty ? nil : $0 }
    }

    static let invalidToken = APIError.invalid("page_token", "The page token is not valid.")
}

/// The page token of the session list: opaque to clients, it names the last session told and the filter it was told under.
struct SessionPageToken: Equatable {
    var createTime: Timestamp
    var id: String
    var filter: String

    // Reversed and in hexadecimal, so that nobody takes a number in it for a position.
    var text: String {
        let plain = "\(createTime.nanoseconds) \(id) \(filter)"
        let digits = Array("0123456789abcdef".utf8)
        let coded = plain.utf8.reversed().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "Cg" + String(decoding: coded, as: UTF8.self)
    }

    init(createTime: Timestamp, id: String, filter: String) {
        self.createTime = createTime
        self.id = id
        self.filter = filter
    }

    init?(_ text: String) {
        guard text.hasPrefix("Cg"), text.utf8.count % 2 == 0 else { return nil }
        let digits = Array(text.utf8.dropFirst(2))
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        let plain = String(decoding: bytes.reversed(), as: UTF8.self)
        let parts = plain.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let nanoseconds = Int64(parts[0]) else { return nil }
        self.init(createTime: Timestamp(nanoseconds: nanoseconds), id: String(parts[1]), filter: String(parts[2]))
    }
}
