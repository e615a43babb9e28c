// SPDX-License-Identifier: Apache-2.0

package import DaemonSupport

/// An error in the form of `google.rpc.Status`.
package struct APIError: Error, Equatable {
    /// A field of the request that is wrong, in the spelling of the proto file: `session.automation_mode`.
    package struct Violation: Equatable {
        package var field: String?
        package var description: String

        /// An error of one field; of the whole message if `field` is `nil`.
        package init(field: String?, description: String) {
            self.field = field
            self.description = description
        }
    }

    package var code: Int
    package var status: String
    package var message: String
    package var details: [JSON] = []

    /// An error with an HTTP status, its canonical name (google.rpc.Code), and a sentence.
    package init(code: Int, status: String, message: String, details: [JSON] = []) {
        self.code = code
        self.status = status
        self.message = message
        self.details = details
    }

    /// The body of the response.
    package var json: JSON {
        var error: JSONObject = .init([
            .init(name: "code", value: JSON(code)), .init(name: "message", value: .string(message)),
            .init(name: "status", value: .string(status)),
        ])
        if !details.isEmpty { error["details"] = .array(details) }
        return ["error": .object(error)]
    }

    package static let notFound = APIError(code: 404, status: "NOT_FOUND", message: "Requested entity was not found.")

    /// The error for three causes that the API does not tell apart: the limit of active sessions is reached, the
    /// repository cannot be used, or the state does not allow the call.
    package static let preconditionFailed = APIError(
        code: 400, status: "FAILED_PRECONDITION", message: "Precondition check failed.")

    /// The number of tasks per day is reached.
    package static let quotaExhausted = APIError(
        code: 429, status: "RESOURCE_EXHAUSTED", message: "Resource has been exhausted (e.g. check quota).")

    package static func invalid(_ violations: [Violation]) -> APIError {
        let fields = violations.map { violation in
            var json: JSONObject = .init()
            if let field = violation.field { json["field"] = .string(field) }
            json["description"] = .string(violation.description)
            return JSON.object(json)
        }
        return APIError(
            code: 400, status: "INVALID_ARGUMENT", message: violations.map(\.description).joined(separator: "\n"),
            details: [["@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": .array(fields)]])
    }

    package static func invalid(_ field: String?, _ description: String) -> APIError {
        invalid([Violation(field: field, description: description)])
    }

    /// There is no key, or the key is unknown. The two cases differ only in the message.
    package static func unauthenticated(_ operation: Operation, keyGiven: Bool) -> APIError {
        let message =
            keyGiven
            ? "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials."
            : "Request is missing required authentication credential. Expected OAuth 2 access token or other credential."
        return APIError(
            code: 401, status: "UNAUTHENTICATED", message: message,
            details: [
                [
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CREDENTIALS_MISSING",
                    "domain": "googleapis.com",
                    "metadata": [
                        "method": .string("google.labs.jules.v1alpha.JulesService.\(operation.rpc)"),
                        "service": "jules.googleapis.com",
                    ],
                ]
            ])
    }

    /// The canonical name of an HTTP status (google.rpc.Code).
    package static func canonicalName(of status: Int) -> String {
        switch status {
        case 400: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 409: "ABORTED"
        case 429: "RESOURCE_EXHAUSTED"
        case 500: "INTERNAL"
        case 501: "UNIMPLEMENTED"
        case 503: "UNAVAILABLE"
        case 504: "DEADLINE_EXCEEDED"
        default: "UNKNOWN"
        }
    }
}
