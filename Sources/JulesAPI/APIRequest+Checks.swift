// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

extension APIRequest {
    /// Refuses every query parameter but the system's, which each Google API takes
    /// (<https://cloud.google.com/apis/docs/system-parameters>), and the method's own.
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

    /// What the answer is to show: the parameter `fields`.
    package func fieldMask() throws(APIError) -> FieldMask {
        if let mask = self["fields"], !mask.isEmpty { try FieldMask(mask) } else { FieldMask() }
    }

    /// The body as JSON.
    package func json() throws(APIError) -> JSON {
        do throws(JSONError) { return try JSON(parsing: body) } catch {
            throw .invalid(nil, "Invalid JSON payload received. \(error)")
        }
    }

    /// The body as a message of this shape.
    ///
    /// - Parameters:
    ///   - path: the message's place in the request, in the proto file's spelling; empty where it is the request.
    ///   - emptyAllowed: whether no body at all is the empty message.
    package func message(
        _ shape: MessageShape, at path: String = "", emptyAllowed: Bool = false
    ) throws(APIError) -> JSON {
        if body.isEmpty, emptyAllowed { return [:] }
        return try shape.read(body: json(), at: path)
    }

    /// The part of a list request that tells which page is asked for.
    package func paging(standard: Int) throws(APIError) -> Paging {
        try Paging(size: self["pageSize"], token: self["pageToken"], standard: standard)
    }

    /// The parameter `filter`; `nil` where it is absent or empty.
    package var filter: String? { self["filter"].flatMap { $0.isEmpty ? nil : $0 } }
}
