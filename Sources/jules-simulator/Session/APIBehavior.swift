// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What is uncertain about the API, or adjustable for tests. The defaults are the most likely behaviour of the real
/// API.
struct APIBehavior: Sendable, Equatable {
    var activitiesDelay: Duration = .seconds(3)
    var queued: Duration = .seconds(20)
    var messageWhileQueued404 = true
    var approveWhileQueued = 400
    var approvalTimeout: Duration = .seconds(600)
    var approveAfterTimeout = ApproveAfterTimeout.resume
    var emitPlanning = false
    var bashOutput = true
    var concurrencyCap = 0
    var tasksPerDay = 0
    var refusalPerDay = RefusalPerDay.throttled
    var refusedButCreated = false
    var reopenOnMessage = true
    var resumePausedOnMessage = true
    var emptyReply = EmptyReply.object
    var emptyActionBody = true
    var echoInputs = true
    var latency: Duration = .zero
    var questionRate = 0.07
    var failureRate = 0.02
    var pauseRate = 0.043
    var stuckRate = 0.0
    var outputlessRate = 0.0
    var patchlessRate = 0.0
    var unknownStateRate = 0.0
    var unknownKindRate = 0.0
    var sharedTimestampRate = 0.0

    /// What approvePlan does to a session that ended because nobody approved its plan in time.
    enum ApproveAfterTimeout: String, Sendable, CaseIterable {
        case resume, nothing
    }

    /// How a creation beyond `tasksPerDay` is refused. The real form is unknown.
    enum RefusalPerDay: String, Sendable, CaseIterable {
        /// 429 RESOURCE_EXHAUSTED.
        case throttled
        /// 400 FAILED_PRECONDITION, as at the limit of active sessions.
        case precondition
    }

    /// The response body of delete, approvePlan and sendMessage.
    enum EmptyReply: String, Sendable, CaseIterable {
        case object, nothing
    }
}

extension APIBehavior {
    /// One knob: its name, its form as text, and what it is for.
    struct Entry: Sendable {
        let name: String
        let form: String
        let summary: String
        let read: @Sendable (APIBehavior) -> String
        /// Sets the knob from text. False if the text does not have the right form.
        let write: @Sendable (inout APIBehavior, String) -> Bool
    }

    /// All knobs, in the order of the documentation.
    static let all: [Entry] = [
        duration("activitiesDelay", \.activitiesDelay, "activities of a new session answer 404"),
        duration("queued", \.queued, "time before the plan, 50 % more or less"),
        flag("messageWhileQueued404", \.messageWhileQueued404, "sendMessage answers 404 while QUEUED"),
        entry("approveWhileQueued", \.approveWhileQueued, "400|404", "400 or 404: approvePlan while QUEUED") { text in
            Int(text).flatMap { [400, 404].contains($0) ? $0 : nil }
        },
        duration(
            "approvalTimeout", \.approvalTimeout, "time until a waiting plan ends the session; 0 never"),
        choice("approveAfterTimeout", \.approveAfterTimeout, "resume or nothing: effect of approvePlan after that"),
        flag("emitPlanning", \.emitPlanning, "use the old state PLANNING"),
        flag("bashOutput", \.bashOutput, "shell output is in artifacts too"),
        count("concurrencyCap", \.concurrencyCap, "active sessions before creation is refused"),
        count("tasksPerDay", \.tasksPerDay, "creations in 24 h before one is refused; 0 no limit"),
        choice("refusalPerDay", \.refusalPerDay, "throttled (429) or precondition: the refusal"),
        flag(
            "refusedButCreated", \.refusedButCreated, "a create refused without a reason is done"),
        flag("reopenOnMessage", \.reopenOnMessage, "a message reopens COMPLETED and FAILED"),
        flag("resumePausedOnMessage", \.resumePausedOnMessage, "a message reopens PAUSED"),
        choice("emptyReply", \.emptyReply, "object or nothing: the form of an empty body"),
        flag("emptyActionBody", \.emptyActionBody, "actions accept an absent body, not only {}"),
        flag("echoInputs", \.echoInputs, "sessions contain the fields of the create request"),
        duration("latency", \.latency, "every answer waits, in real time"),
        rate("questionRate", \.questionRate, "sessions in which the agent asks"),
        rate("failureRate", \.failureRate, "sessions that end FAILED"),
        rate("pauseRate", \.pauseRate, "sessions that stop and stay PAUSED"),
        rate("stuckRate", \.stuckRate, "sessions IN_PROGRESS for ever"),
        rate("outputlessRate", \.outputlessRate, "sessions COMPLETED without outputs"),
        rate("patchlessRate", \.patchlessRate, "change sets without a patch"),
        rate("unknownStateRate", \.unknownStateRate, "work that sets an unknown state"),
        rate("unknownKindRate", \.unknownKindRate, "work that adds an unknown kind"),
        rate("sharedTimestampRate", \.sharedTimestampRate, "activities with the time of the one before"),
    ]

    /// Sets one knob from text.
    ///
    /// - Throws: `ControlError` if there is no such knob or the text does not have its form.
    mutating func set(_ name: String, to text: String) throws(ControlError) {
        guard let entry = Self.all.first(where: { $0.name == name }) else {
            throw ControlError(
                "no knob is called \"\(name)\"; there are \(Self.all.map(\.name).joined(separator: ", "))")
        }
        guard entry.write(&self, text) else {
            throw ControlError("knob \(name): expected \(entry.form), not \"\(text)\"")
        }
    }

    /// A knob that `text` writes and `parse` reads.
    private static func entry<Value: SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Value> & Sendable, _ form: String, _ summary: String,
        text: @escaping @Sendable (Value) -> String = { "\($0)" }, parse: @escaping @Sendable (String) -> Value?
    ) -> Entry {
        Entry(
            name: name, form: form, summary: summary, read: { text($0[keyPath: path]) },
            write: { behavior, text in
                guard let value = parse(text) else { return false }
                behavior[keyPath: path] = value
                return true
            })
    }

    private static func duration(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Duration> & Sendable, _ summary: String
    ) -> Entry {
        entry(name, path, "DURATION", summary, text: { $0.text }, parse: { Duration(parsing: $0) })
    }

    private static func count(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Int> & Sendable, _ summary: String
    ) -> Entry {
        entry(name, path, "N", summary) { text in Int(text).flatMap { $0 >= 0 ? $0 : nil } }
    }

    private static func flag(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Bool> & Sendable, _ summary: String
    ) -> Entry {
        entry(name, path, "true|false", summary) { Bool($0) }
    }

    private static func rate(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Double> & Sendable, _ summary: String
    ) -> Entry {
        entry(name, path, "0…1", summary) { text in Double(text).flatMap { (0...1).contains($0) ? $0 : nil } }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Choice> & Sendable, _ summary: String
    ) -> Entry {
        let form = Choice.allCases.map(\.rawValue).joined(separator: "|")
        return entry(name, path, form, summary, text: { $0.rawValue }, parse: { Choice(rawValue: $0) })
    }
}

/// Why a knob, a fault or a command of the control endpoint was refused.
struct ControlError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
