// SPDX-License-Identifier: Apache-2.0

internal import CSQLite

/// One prepared statement. Its owner must finalize it.
struct SQLiteStatement {
    let pointer: OpaquePointer
    let sql: String

    /// Tells SQLite to copy a bound value before the call returns. It is SQLITE_TRANSIENT, a C macro with a cast that
    /// Swift does not import.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    func bind(_ values: [SQLValue]) -> Int32 {
        // SQLite would use NULL for missing values.
        guard values.count == sqlite3_bind_parameter_count(pointer) else { return SQLITE_RANGE }
        for (index, value) in values.enumerated() {
            let code = bind(value, at: Int32(index + 1))
            if code != SQLITE_OK { return code }
        }
        return SQLITE_OK
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, index)
        case .integer(let value): return sqlite3_bind_int64(pointer, index, value)
        case .real(let value): return sqlite3_bind_double(pointer, index, value)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    // An empty buffer may have a null pointer, and with a null pointer SQLite would bind NULL.
                    guard let start = bytes.baseAddress else {
                        return sqlite3_bind_text(pointer, index, "", 0, Self.transient)
                    }
                    return sqlite3_bind_text64(
                        pointer, index, start, UInt64(bytes.count), Self.transient, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let blob):
            return blob.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, !bytes.isEmpty else {
                    return sqlite3_bind_zeroblob(pointer, index, 0)
                }
                return sqlite3_bind_blob64(pointer, index, start, UInt64(bytes.count), Self.transient)
            }
        }
    }

    /// Resets the statement for its next use, and releases its bound values.
    func reset() {
        // The result repeats the error of the last step, which has been reported already.
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }

    func finalize() {
        sqlite3_finalize(pointer)
    }
}
