// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Reads a query parameter by parameter, collects every error, and refuses unknown parameters.
struct RequestQuery {
    private let query: HTTPQuery
    private var known: Set<String> = []
    private var details: [RequestError.Detail] = []

    init(_ request: HTTPRequest) { query = request.query }

    /// The parameter's text; `nil` if it is missing or empty.
    mutating func string(_ name: String) -> String? {
        known.insert(name)
        return query[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All values of a parameter that may be repeated.
    mutating func strings(_ name: String) -> [String] {
        known.insert(name)
        return query.all(name).filter { !$0.isEmpty }
    }

    /// A whole number in `range`; `nil` if it is missing or wrong.
    mutating func integer<Value: FixedWidthInteger>(_ name: String, _ range: ClosedRange<Value>) -> Value? {
        guard let text = string(name) else { return nil }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Value(text), range.contains(value) else {
            fault(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    /// A duration, in seconds or with a unit; `nil` if it is missing or wrong.
    mutating func duration(_ name: String) -> Duration? {
        guard let text = string(name) else { return nil }
        guard let value = Duration(parsing: text) else {
            fault(name, "must be seconds, or a duration such as 500ms or 30s")
            return nil
        }
        return value
    }

    /// The beginning of the page, from the `nextCursor` of an earlier answer; `nil` if it is missing or wrong.
    mutating func cursor<Place>(_ place: (String) -> Place?) -> Place? {
        guard let text = string("cursor") else { return nil }
        let place = place(text)
        if place == nil { fault("cursor", "must be the nextCursor of an earlier answer") }
        return place
    }

    /// One of the named values; `nil` if it is missing or wrong.
    mutating func choice<Value>(_ name: String, _ values: KeyValuePairs<String, Value>) -> Value? {
        guard let text = string(name) else { return nil }
        if let match = values.first(where: { $0.key == text }) { return match.value }
        fault(name, "must be one of \(values.map(\.key).joined(separator: ", "))")
        return nil
    }

    /// Records that a parameter has no usable value.
    mutating func fault(_ name: String, _ message: String) {
        details.append(RequestError.Detail(field: name, message: message))
    }

    /// - Throws: `RequestError` with one entry for each wrong or unknown parameter.
    mutating func finish() throws(RequestError) {
        for pair in query.pairs where !known.contains(pair.name) {
            fault(pair.name, "is not a parameter of this request")
        }
        if !details.isEmpty { throw .invalid(details) }
    }
}
