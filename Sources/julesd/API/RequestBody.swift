// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// Reads a JSON body field by field, collects every error, and refuses unknown fields.
struct RequestBody {
    private let object: JSONObject
    private var known: Set<String> = []
    private var details: [RequestError.Detail] = []

    /// - Throws: `RequestError` if the body is not a JSON object of type `application/json`.
    init(_ request: HTTPRequest) throws(RequestError) {
        let type = request.headers.first(name: "content-type")?.split(separator: ";").first
        let mediaType = type.map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
        guard request.body.isEmpty || mediaType == "application/json" else {
            throw RequestError(
                .unsupportedMediaType, "unsupported_media_type", "The body must be application/json in UTF-8.")
        }
        do {
            guard !request.body.isEmpty else {
                object = JSONObject()
                return
            }
            guard let object = try JSON(parsing: request.body).object else {
                throw RequestError.invalid("body", "must be a JSON object")
            }
            self.object = object
        } catch let error as JSONError {
            throw .invalid("body", "is \(error)")
        } catch let problem as RequestError {
            throw problem
        } catch {
            throw .invalid("body", "cannot be read")
        }
    }

    /// A text with this number of Unicode code points, which JSON Schema counts too; `nil` if it is missing or wrong.
    mutating func string(_ field: String, required: Bool = false, length: ClosedRange<Int> = 0...1_000_000) -> String? {
        guard let value = value(field, required: required) else { return nil }
        guard let text = value.string else { return fault(field, "must be a string") }
        let count = text.unicodeScalars.count
        guard length.contains(count) else {
            return fault(
                field,
                "must have \(length.lowerBound) to \(length.upperBound) characters (Unicode code points), not \(count)")
        }
        return text
    }

    /// One of the named values; `nil` if it is missing or wrong.
    mutating func choice<Value>(_ field: String, required: Bool = false, _ values: KeyValuePairs<String, Value>)
        -> Value?
    {
        guard let text = string(field, required: required) else { return nil }
        if let match = values.first(where: { $0.key == text }) { return match.value }
        return fault(field, "must be one of \(values.map(\.key).joined(separator: ", "))")
    }

    /// A list with this number of texts; `nil` if it is missing or wrong.
    mutating func strings(_ field: String, count: ClosedRange<Int>) -> [String]? {
        guard let value = value(field, required: true) else { return nil }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else { return fault(field, "must be an array of strings") }
        guard count.contains(texts.count) else {
            return fault(field, "must have \(count.lowerBound) to \(count.upperBound) elements, not \(texts.count)")
        }
        return texts
    }

    /// A truth value; `nil` if it is missing or wrong.
    mutating func bool(_ field: String) -> Bool? {
        guard let value = value(field) else { return nil }
        return value.bool ?? fault(field, "must be true or false")
    }

    /// A whole number in `range`; `nil` if it is missing or wrong.
    mutating func integer(_ field: String, required: Bool = false, _ range: ClosedRange<Int>) -> Int? {
        guard let value = value(field, required: required) else { return nil }
        guard let number = value.int, range.contains(number) else {
            return fault(field, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// An object; `nil` if it is missing or wrong.
    mutating func object(_ field: String) -> JSONObject? {
        guard let value = value(field) else { return nil }
        return value.object ?? fault(field, "must be an object")
    }

    /// Records that a field has no usable value.
    @discardableResult
    mutating func fault<Value>(_ field: String, _ message: String) -> Value? {
        details.append(RequestError.Detail(field: field, message: message))
        return nil
    }

    /// - Throws: `RequestError` with one entry for each wrong or unknown field.
    mutating func finish() throws(RequestError) {
        // If a field is given twice, another reader might use the other value.
        var seen: Set<String> = []
        for member in object.members {
            if !known.contains(member.name) {
                fault(member.name, "is not a field of this request") as Void?
            } else if !seen.insert(member.name).inserted {
                fault(member.name, "is given more than once") as Void?
            }
        }
        if !details.isEmpty { throw .invalid(details) }
    }

    private mutating func value(_ field: String, required: Bool = false) -> JSON? {
        known.insert(field)
        switch object[field] {
        case nil, .null: return required ? fault(field, "is required") : nil
        case let value?: return value
        }
    }
}
