// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// One message of JSON-RPC 2.0 from a client.
struct RPCMessage: Sendable, Equatable {
    /// With its own spelling and type; `nil` for a notification.
    let id: JSON?
    /// `nil` for a response, which a client has no reason to send.
    let method: String?
    let params: JSONObject

    /// The method's `_meta`.
    var meta: JSON? { params["_meta"] }
    /// The token with which the client wants to get progress; `nil` if it wants none.
    var progressToken: JSON? {
        switch meta?["progressToken"] {
        case .string(let text)?: .string(text)
        case .number(let text)?: .number(text)
        default: nil
        }
    }

    /// - Throws: `RPCError` -32600 if the value is no message, -32602 if its parameters are no object.
    init(_ json: JSON) throws(RPCError) {
        guard let object = json.object else { throw .invalidRequest("A message must be an object.") }
        var id: JSON?
        switch object["id"] {
        case nil: break
        case .string(let text)?: id = .string(text)
        case .number(let text)?: id = .number(text)
        default: throw .invalidRequest("id must be a string or a number.")
        }
        guard object["jsonrpc"] == "2.0" else {
            throw .invalidRequest("jsonrpc must be \"2.0\".").answering(id)
        }
        guard let method = object["method"] else {
            guard object["result"] != nil || object["error"] != nil else {
                throw .invalidRequest("method is missing.").answering(id)
            }
            self.init(id: id, method: nil, params: JSONObject())
            return
        }
        guard let name = method.string, !name.isEmpty else {
            throw .invalidRequest("method must be a string.").answering(id)
        }
        switch object["params"] {
        case nil: self.init(id: id, method: name, params: JSONObject())
        case .object(let params)?: self.init(id: id, method: name, params: params)
        default: throw .invalidParams("params must be an object.").answering(id)
        }
    }

    private init(id: JSON?, method: String?, params: JSONObject) {
        self.id = id
        self.method = method
        self.params = params
    }
}

/// An error in place of a result.
struct RPCError: Error, Sendable, Equatable {
    let code: Int
    let message: String
    var data: JSON?
    /// The HTTP status for a client of the stateless revision.
    var status = 400
    /// The request's id, if it could be read.
    var id: JSON?

    static func parse(_ reason: String) -> RPCError { RPCError(code: -32700, message: "The body is \(reason).") }
    static func invalidRequest(_ message: String) -> RPCError { RPCError(code: -32600, message: message) }
    static func invalidParams(_ message: String, data: JSON? = nil) -> RPCError {
        RPCError(code: -32602, message: message, data: data)
    }
    static func unknownMethod(_ name: String) -> RPCError {
        RPCError(code: -32601, message: "There is no method \(name.firstCharacters(100)).", status: 404)
    }
    static func headerMismatch(_ message: String) -> RPCError { RPCError(code: -32020, message: message) }
    static func unsupportedVersion(_ requested: String) -> RPCError {
        RPCError(
            code: -32022, message: "This revision of the protocol is not served.",
            data: [
                "supported": .array(Revision.names.map(JSON.string)),
                "requested": .string(requested.firstCharacters(100)),
            ])
    }
    static let fault = RPCError(code: -32603, message: "The daemon failed; its log tells more.", status: 200)

    /// The same error as the answer to the request `id`.
    func answering(_ id: JSON?) -> RPCError {
        var error = self
        error.id = id
        return error
    }

    var json: JSON {
        var error = JSONObject([
            .init(name: "code", value: JSON(code)), .init(name: "message", value: .string(message)),
        ])
        error["data"] = data
        return ["jsonrpc": "2.0", "id": id ?? .null, "error": .object(error)]
    }
}

extension String {
    fileprivate func firstCharacters(_ count: Int) -> String { CleanText(self, limit: count, lines: false).text }
}
