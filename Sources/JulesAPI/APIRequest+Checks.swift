// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

extension APIRequest {
    /// Checks the names of the query parameters. Allowed are the parameters of `operation` and the system parameters of
    /// all Google APIs (<https://cloud.google.com/apis/docs/system-parameters>).
    ///
    /// - Throws: `APIError` for any other name.
    package func checkQuery(of operation: Operation) throws(APIError) {
        for pair in query where !Self.system.contains(pair.name) && !operation.parameters.contains(pair.name) {
            throw .invalid(
                pair.name,
                "Invalid JSON payload received. Unknown name \"\(pair.name)\": Cannot bind query parameter.")
        }
    }

    private static let system = [
        "fields", "key", "alt", "prettyPrint", "$.xgafv", "access_token", "callback", "oauth_token", "quotaUser",
        "uploadType", "upload_protocol",
    ]

    /// The parameter `fields`, which selects the parts of the response.
    ///
    /// - Throws: `APIError` if the parameter is malformed.
    package func fieldMask() throws(APIError) -> FieldMask {
        if let mask = self["fields"], !mask.isEmpty { try FieldMask(mask) } else { FieldMask() }
    }

    /// The body as JSON.
    ///
    /// - Throws: `APIError` if the body is not JSON.
    package func json() throws(APIError) -> JSON {
        do throws(JSONError) { return try JSON(parsing: body) } catch {
            throw .invalid(nil, "Invalid JSON payload received. \(error)")
        }
    }

    /// The body as a message of this shape.
    ///
    /// - Parameters:
    ///   - path: the place of the message in the request, in the spelling of the proto file; empty if the message is
    ///     the whole request.
    ///   - emptyAllowed: whether an absent body counts as the empty message.
    /// - Throws: `APIError` if the body does not have this shape.
    package func message(
        _ shape: MessageShape, at path: String = "", emptyAllowed: Bool = false
    ) throws(APIError) -> JSON {
        if body.isEmpty, emptyAllowed { return [:] }
        return try shape.read(body: json(), at: path)
    }

    /// The parameters of a list request that select the page.
    ///
    /// - Throws: `APIError` if `pageSize` is not a number.
    package func paging(standard: Int) throws(APIError) -> Paging {
        try Paging(size: self["pageSize"], token: self["pageToken"], standard: standard)
    }

    /// The parameter `filter`; `nil` if it is absent or empty.
    package var filter: String? { self["filter"].flatMap { $0.isEmpty ? nil : $0 } }
}
