// SPDX-License-Identifier: Apache-2.0

internal import CPostgreSQL

/// A row of a result in binary form (<https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>).
struct PostgreSQLRow: SQLRowSource {
    let result: PostgreSQLResult
    let number: Int32

    func isNull(_ column: Int32) -> Bool { result.library.get_is_null(result.pointer, number, column) == 1 }

    func int(_ column: Int32) -> Int64 {
        let bytes = bytes(column)
        guard !bytes.isEmpty else { return 0 }
        switch result.type(of: column) {
        case .numeric: return Self.integer(fromNumeric: bytes)
        case .int2, .int4, .int8, .bool: return Self.integer(bytes)
        case .float8: return Int64(double(column))
        default:
            assertionFailure("column \(column) is no number")
            return 0
        }
    }

    func double(_ column: Int32) -> Double {
        guard result.type(of: column) == .float8 else { return Double(int(column)) }
        return Double(bitPattern: UInt64(bitPattern: Self.integer(bytes(column))))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func blob(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

    func append(_ column: Int32, to destination: inout [UInt8]) { destination.append(contentsOf: bytes(column)) }

    /// The column in the kind that its type has.
    func value(_ column: Int32) -> SQLValue {
        if isNull(column) { return .null }
        return switch result.type(of: column) {
        case .text: .text(text(column))
        case .float8: .real(double(column))
        case .bytea, nil: .blob(blob(column))
        default: .integer(int(column))
        }
    }

    /// Empty for NULL.
    private func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: result.library.get_value(result.pointer, number, column),
            count: Int(result.library.get_length(result.pointer, number, column)))
    }

    /// Big-endian, with its sign.
    private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        bytes.reduce(Int64(Int8(bitPattern: bytes.first ?? 0)) >> 8) { $0 << 8 | Int64($1) }
    }

    /// A `numeric` without a fraction, which is what a sum of integers is: count of digits, weight of the first, sign, scale, and
    /// the digits to the base 10,000, each in two bytes.
    private static func integer(fromNumeric bytes: UnsafeRawBufferPointer) -> Int64 {
        func short(_ index: Int) -> Int64 { Int64(bytes[2 * index]) << 8 | Int64(bytes[2 * index + 1]) }
        let weight = Int64(Int16(truncatingIfNeeded: short(1)))
        guard weight >= 0 else { return 0 }
        let magnitude = (0...weight).reduce(Int64(0)) { $0 &* 10_000 &+ ($1 < short(0) ? short(4 + Int($1)) : 0) }
        return short(2) == 0x4000 ? -magnitude : magnitude
    }
}

/// A result, freed with its last reference.
final class PostgreSQLResult {
    /// The types that statements here give, by their fixed numbers (pg_type.dat).
    enum ColumnType: UInt32 {
        case bool = 16
        case bytea = 17
        case int8 = 20
        case int2 = 21
        case int4 = 23
        case text = 25
        case float8 = 701
        case numeric = 1700
    }

    let library: postgresql_library
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer, _ library: postgresql_library) {
        self.pointer = pointer
        self.library = library
    }

    deinit { library.clear(pointer) }

    /// Whether the statement gives rows, like SELECT. For such a statement PostgreSQL counts these, and not what it has changed.
    var hasRows: Bool { Int(library.result_status(pointer)) == POSTGRESQL_TUPLES }

    var rowCount: Int32 { library.row_count(pointer) }

    func type(of column: Int32) -> ColumnType? { ColumnType(rawValue: library.column_type(pointer, column)) }

    /// How many rows an INSERT, UPDATE or DELETE touched.
    var changes: Int { library.command_tuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// What the server says is wrong.
    func error(in sql: String) -> PostgreSQLError {
        func field(_ code: Int) -> String? {
            library.result_error_field(pointer, Int32(code)).map { String(cString: $0) }
        }
        let message = field(POSTGRESQL_PRIMARY) ?? library.result_error_message(pointer).map { String(cString: $0) }
        return PostgreSQLError(sqlState: field(POSTGRESQL_SQLSTATE), message: (message ?? "").trimmed, sql: sql)
    }
}

extension String {
    /// In one line, with single spaces.
    var trimmed: String {
        split(whereSeparator: \.isNewline).map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            .joined(separator: "; ")
    }
}
