// SPDX-License-Identifier: Apache-2.0

/// Rows in the binary form of COPY (<https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>), on their way to the server.
struct PostgreSQLCopyRows {
    private static let signature = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
    /// Flags and the length of an extension, both 0.
    private var bytes = signature + [UInt8](repeating: 0, count: 8)

    /// Whether there is enough to send.
    var isLong: Bool { bytes.count >= 65_536 }

    /// Adds one row: the count of its values, and each with its length, which is -1 for NULL.
    mutating func append(_ row: [SQLValue]) {
        append(Int16(row.count))
        for value in row {
            let value = value.postgreSQLBytes
            append(Int32(value?.count ?? -1))
            if let value { bytes.append(contentsOf: value) }
        }
    }

    /// Adds the end of all rows.
    mutating func end() { append(Int16(-1)) }

    /// Forgets what has been sent.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: bytes.count < 1 << 20) }

    func withBytes<T>(_ body: (UnsafePointer<CChar>?, Int) -> T) -> T {
        bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
