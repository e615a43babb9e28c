// SPDX-License-Identifier: Apache-2.0

/// The filter of the session list: AIP-160 (<https://google.aip.dev/160>) with the single field `archived`.
///
/// As in AIP-160, `OR` binds more tightly than `AND`.
package indirect enum ArchivedFilter: Equatable {
    case equals(Bool)
    case not(ArchivedFilter)
    case all([ArchivedFilter])
    case any([ArchivedFilter])

    /// Parses a filter. Without a filter, only sessions that are not archived match.
    ///
    /// - Throws: `APIError` if `text` is not such a filter.
    package init(_ text: String?) throws(APIError) {
        var tokens = Self.tokens(text ?? "")[...]
        guard !tokens.isEmpty else {
            self = .equals(false)
            return
        }
        guard let filter = Self.conjunction(&tokens), tokens.isEmpty else {
            throw .invalid("filter", "Invalid filter: only expressions over the field 'archived' are supported.")
        }
        self = filter
    }

    package func matches(archived: Bool) -> Bool {
        switch self {
        case .equals(let wanted): archived == wanted
        case .not(let filter): !filter.matches(archived: archived)
        case .all(let filters): filters.allSatisfy { $0.matches(archived: archived) }
        case .any(let filters): filters.contains { $0.matches(archived: archived) }
        }
    }

    private static func tokens(_ text: String) -> [Substring] {
        text.replacing("(", with: " ( ").replacing(")", with: " ) ").replacing("!=", with: " ! ")
            .replacing("=", with: " = ").split(separator: " ")
    }

    private static func conjunction(_ tokens: inout ArraySlice<Substring>) -> ArchivedFilter? {
        list(&tokens, separator: "AND", of: disjunction).map { $0.count == 1 ? $0[0] : .all($0) }
    }

    private static func disjunction(_ tokens: inout ArraySlice<Substring>) -> ArchivedFilter? {
        list(&tokens, separator: "OR", of: term).map { $0.count == 1 ? $0[0] : .any($0) }
    }

    private static func list(
        _ tokens: inout ArraySlice<Substring>, separator: Substring,
        of element: (inout ArraySlice<Substring>) -> ArchivedFilter?
    ) -> [ArchivedFilter]? {
        var filters: [ArchivedFilter] = []
        repeat {
            if !filters.isEmpty { tokens.removeFirst() }
            guard let filter = element(&tokens) else { return nil }
            filters.append(filter)
        } while tokens.first == separator
        return filters
    }

    private static func term(_ tokens: inout ArraySlice<Substring>) -> ArchivedFilter? {
        switch tokens.popFirst() {
        case "NOT": return term(&tokens).map { .not($0) }
        case "(":
            guard let filter = conjunction(&tokens), tokens.popFirst() == ")" else { return nil }
            return filter
        case "archived":
            guard let comparison = tokens.popFirst(), let value = tokens.popFirst().flatMap({ Bool(String($0)) })
            else { return nil }
            switch comparison {
            case "=": return .equals(value)
            case "!": return .equals(!value)
            default: return nil
            }
        default: return nil
        }
    }
}
