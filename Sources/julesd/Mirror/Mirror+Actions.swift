// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Mirror {
    /// Creates a session with the body as sent. The API itself reports what is wrong with the body.
    ///
    /// - Throws: `APIError` if the body is no JSON object; otherwise what `SessionActions.create` throws.
    func createSession(_ request: APIRequest, _ asker: Asker) async throws -> [UInt8] {
        let json = try request.json()
        guard case .object = json else {
            throw APIError.invalid(nil, "Invalid JSON payload received. The root of the message must be an object.")
        }
        let wanted = NewSession(message: json)
        return try await retries.run("create", request.body, asker) { key in
            try await actions.create(wanted, body: request.body, under: key).body
        }
    }

    /// Runs one of the other methods that change a session.
    ///
    /// - Throws: `APIError` for a body that the API would refuse; otherwise what the action throws.
    func act(_ operation: Operation, on id: String, _ request: APIRequest, _ asker: Asker) async throws -> [UInt8] {
        switch operation {
        case .approvePlan:
            _ = try request.message(.empty, emptyAllowed: true)
            _ = try await retries.run("approve \(id)", request.body, asker) { key in
                try await actions.approve(id, plan: nil, under: key).body
            }
        case .sendMessage:
            let prompt = try request.message(.sendMessage)["prompt"]?.string ?? ""
            guard !prompt.isEmpty else { throw APIError.invalid("prompt", "prompt is required.") }
            _ = try await retries.run("message \(id)", request.body, asker) { key in
                try await actions.send(prompt, to: id, under: key)
                return []
            }
        case .archiveSession, .unarchiveSession:
            _ = try request.message(.empty, emptyAllowed: true)
            return try await actions.setArchived(operation == .archiveSession, id).body
        case .deleteSession: try await actions.delete(id)
        default: throw APIError.notFound
        }
        return .emptyMessage
    }
}

extension NewSession {
    /// The session that a body of `sessions.create` asks for, with only the members that distinguish sessions. Both spellings
    /// of member names in proto3 JSON are accepted.
    init(message: JSON) {
        func member(_ name: String, of json: JSON?) -> JSON? { json?[name] ?? json?[name.snakeCased] }
        let context = member("sourceContext", of: message)?.object
        self.init(
            prompt: message["prompt"]?.string ?? "", title: message["title"]?.string,
            place: context.map(Place.context) ?? .nowhere)
    }
}
