// SPDX-License-Identifier: Apache-2.0

internal import CPostgreSQL
import Synchronization

/// libpq, loaded at its first use.
enum PostgreSQLLibrary {
    // Function pointers of a library that is never unloaded.
    private struct Loaded: @unchecked Sendable { let functions: postgresql_library }
    private static let loaded = Mutex<Loaded?>(nil)

    /// The library's functions.
    ///
    /// - Throws: `PostgreSQLError` if the library is not installed. It is looked for again at the next call.
    static func functions() throws(PostgreSQLError) -> postgresql_library {
        let result: Result<Loaded, PostgreSQLError> = loaded.withLock { loaded in
            if let loaded { return .success(loaded) }
            var functions = postgresql_library()
            if let problem = postgresql_load(&functions) { return .failure(.noLibrary(String(cString: problem))) }
            let new = Loaded(functions: functions)
            loaded = new
            return .success(new)
        }
        return try result.get().functions
    }
}
