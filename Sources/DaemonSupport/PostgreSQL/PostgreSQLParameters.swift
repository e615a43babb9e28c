// SPDX-License-Identifier: Apache-2.0

/// The values of a statement in binary form.
struct PostgreSQLParameters {
    /// 0 lets the server find the type of a NULL.
    let types: [UInt32]
    private let bytes: [[UInt8]?]

    init(_ values: [SQLValue]) {
        types = values.map { value in
            switch value {
            case .null: 0
            case .integer: PostgreSQLResult.ColumnType.int8.rawValue
            case .real: PostgreSQLResult.ColumnType.float8.rawValue
            case .text: PostgreSQLResult.ColumnType.text.rawValue
            case .blob: PostgreSQLResult.ColumnType.bytea.rawValue
            }
        }
        bytes = values.map(\.postgreSQLBytes)
    }

    var count: Int { bytes.count }

    /// Hands over the values, their lengths, and the form of each, which is 1 for binary.
    func withPointers<T>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> T
    ) -> T {
        // One piece of memory for all; one byte more, so that the pointer of an empty value is not a null pointer, which would mean NULL.
        let joined = bytes.reduce(into: []) { $0 += $1 ?? [] } + [UInt8(0)]
        let lengths = bytes.map { Int32($0?.count ?? 0) }
        return joined.withUnsafeBytes { memory in
            var start = memory.baseAddress
            let pointers = bytes.map { value -> UnsafePointer<CChar>? in
                defer { start = start?.advanced(by: value?.count ?? 0) }
                return value == nil ? nil : start?.assumingMemoryBound(to: CChar.self)
            }
            return pointers.withUnsafeBufferPointer { pointers in
                lengths.withUnsafeBufferPointer { lengths in
                    Array(repeating: Int32(1), count: count).withUnsafeBufferPointer { formats in
                        body(pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}

extension SQLValue {
    /// The value in binary form; `nil` for NULL.
    var postgreSQLBytes: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let value): withUnsafeBytes(of: value.bigEndian, Array.init)
        case .real(let value): withUnsafeBytes(of: value.bitPattern.bigEndian, Array.init)
        case .text(let value): Array(value.asPostgreSQLText.utf8)
        case .blob(let value): value
        }
    }
}

extension String {
    /// The text as PostgreSQL can hold it: with U+FFFD for U+0000.
    public var asPostgreSQLText: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }
}
