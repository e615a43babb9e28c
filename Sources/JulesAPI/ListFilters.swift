// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// The filter of the activity list, `create_time > "…"`: only activities after that time.
package struct ActivityFilter: Equatable {
    package var after: Timestamp

    package init(_ text: String) throws(APIError) {
        var rest = text.trimmed[...]
        guard rest.hasPrefix("create_time") else { throw Self.malformed }
        rest = rest.dropFirst("create_time".count).trimmed
        guard rest.hasPrefix(">") else { throw Self.malformed }
        rest = rest.dropFirst().trimmed
        guard rest.count >= 2, rest.hasPrefix("\""), rest.hasSuffix("\""),
            let instant = Timestamp(rfc3339: String(rest.dropFirst().dropLast()))
        else { throw Self.malformed }
        after = instant
    }

    private static let malformed = APIError.invalid(
        "filter", "Invalid filter: expected create_time > \"<RFC 3339 timestamp>\".")
}

/// The filter of the source list, `name=sources/a OR name=sources/b`.
package struct SourceFilter: Equatable {
    package var names: [String] = []

    package init(_ text: String) throws(APIError) {
        var rest = text.trimmed[...]
        while true {
            guard rest.hasPrefix("name") else { throw Self.malformed }
            rest = rest.dropFirst(4).trimmed
            guard rest.hasPrefix("=") else { throw Self.malformed }
            rest = rest.dropFirst().trimmed
            let quoted = rest.prefix { $0 != " " }
            let name = quoted.filter { $0 != "\"" }
            guard name.hasPrefix("sources/") else { throw Self.malformed }
            names.append(String(name))
            rest = rest.dropFirst(quoted.count).trimmed
            if rest.isEmpty { return }
            guard rest.hasPrefix("OR ") else { throw Self.malformed }
            rest = rest.dropFirst(3).trimmed
        }
    }

    private static let malformed = APIError.invalid("filter", "Invalid filter: expected name=sources/… OR name=….")
}

extension StringProtocol where SubSequence == Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " }
        guard let end = start.lastIndex(where: { $0 != " " }) else { return start.prefix(0) }
        return start[...end]
    }
}
