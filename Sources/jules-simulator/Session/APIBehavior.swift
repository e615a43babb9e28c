// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// What is uncertain or adjustable about the API. The defaults are the likeliest truth.
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

    /// What approving does to a session that ended because nobody approved in time.
    enum ApproveAfterTimeout: String, Sendable, CaseIterable {
        case resume, nothing
    }

    /// How a creation beyond `tasksPerDay` is refused; the real form is not known.
    enum RefusalPerDay: String, Sendable, CaseIterable {
        /// 429 RESOURCE_EXHAUSTED.
        case throttled
        /// 400 FAILED_PRECONDITION, as at the cap.
        case precondition
    }

    /// The body of the replies to delete, approvePlan and sendMessage.
    enum EmptyReply: String, Sendable, CaseIterable {
        case object, nothing
    }
}

extension APIBehavior {
    /// A knob by its name: how it is read from text and written back, and what it is for.
    struct Entry: Sendable {
        let name: String
        let form: String
        let summary: String
        let read: @Sendable (APIBehavior) -> String
        /// False where the text is not of the knob's form.
        let write: @Sendable (inout APIBehavior, String) -> Bool
    }

    /// Every knob, in the order of the documentation.
    static let all: [Entry] = [
        duration("activitiesDelay", \.activitiesDelay, "activities of a new session answer 404"),
        duration("queued", \.queued, "time before the plan, give or take half"),
        flag("messageWhileQueued404", \.messageWhileQueued404, "sendMessage answers 404 while QUEUED"),
        Entry(
            name: "approveWhileQueued", form: "400|404", summary: "400 or 404: approvePlan while QUEUED",
            read: { String($0.approveWhileQueued) },
            write: { behavior, text in
                guard let status = Int(text), status == 400 || status == 404 else { return false }
                behavior.approveWhileQueued = status
                return true
            }),
        duration(
            "approvalTimeout", \.approvalTimeout, "a waiting plan ends the session; 0 never"),
        choice("approveAfterTimeout", \.approveAfterTimeout, "resume or nothing: approvePlan after that"),
        flag("emitPlanning", \.emitPlanning, "go through the old state PLANNING"),
        flag("bashOutput", \.bashOutput, "shell output comes as artifacts too"),
        count("concurrencyCap", \.concurrencyCap, "active sessions before creation is refused"),
        count("tasksPerDay", \.tasksPerDay, "creations in 24 h before one is refused; 0 no limit"),
        choice("refusalPerDay", \.refusalPerDay, "throttled (429) or precondition: how"),
        flag(
            "refusedButCreated", \.refusedButCreated, "what is refused without a reason is created"),
        flag("reopenOnMessage", \.reopenOnMessage, "a message reopens COMPLETED and FAILED"),
        flag("resumePausedOnMessage", \.resumePausedOnMessage, "a message reopens PAUSED"),
        choice("emptyReply", \.emptyReply, "object or nothing: the empty body"),
        flag("emptyActionBody", \.emptyActionBody, "actions accept an absent body, not only {}"),
        flag("echoInputs", \.echoInputs, "sessions tell what was asked for"),
        duration("latency", \.latency, "every answer waits, in real time"),
        rate("questionRate", \.questionRate, "sessions in which the agent asks"),
        rate("failureRate", \.failureRate, "sessions that end FAILED"),
        rate("pauseRate", \.pauseRate, "sessions that stall and end PAUSED"),
        rate("stuckRate", \.stuckRate, "sessions IN_PROGRESS for ever"),
        rate("outputlessRate", \.outputlessRate, "sessions COMPLETED without outputs"),
        rate("patchlessRate", \.patchlessRate, "change sets without a patch"),
        rate("unknownStateRate", \.unknownStateRate, "work that sets an unknown state"),
        rate("unknownKindRate", \.unknownKindRate, "work that adds an unknown kind"),
        rate("sharedTimestampRate", \.sharedTimestampRate, "activities with the time of the one before"),
    ]

    /// Sets one knob from text.
    mutating func set(_ name: String, to text: String) throws(ControlError) {
        guard let entry = Self.all.first(where: { $0.name == name }) else {
            throw ControlError(
                "no knob is called \"\(name)\"; there are \(Self.all.map(\.name).joined(separator: ", "))")
        }
        guard entry.write(&self, text) else {
            throw ControlError("knob \(name): expected \(entry.form), not \"\(text)\"")
        }
    }

    private static func duration(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Duration> & Sendable, _ summary: String
    ) -> Entry {
        Entry(
            name: name, form: "DURATION", summary: summary, read: { $0[keyPath: path].text },
            write: { behavior, text in
                guard let duration = Duration(parsing: text) else { return false }
                behavior[keyPath: path] = duration
                return true
            })
    }

    private static func count(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Int> & Sendable, _ summary: String
    )
        -> Entry
    {
        Entry(
            name: name, form: "N", summary: summary, read: { String($0[keyPath: path]) },
            write: { behavior, text in
                guard let count = Int(text), count >= 0 else { return false }
                behavior[keyPath: path] = count
                return true
            })
    }

    private static func flag(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Bool> & Sendable, _ summary: String
    )
        -> Entry
    {
        Entry(
            name: name, form: "true|false", summary: summary, read: { String($0[keyPath: path]) },
            write: { behavior, text in
                guard let flag = Bool(text) else { return false }
                behavior[keyPath: path] = flag
                return true
            })
    }

    private static func rate(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Double> & Sendable, _ summary: String
    )
        -> Entry
    {
        Entry(
            name: name, form: "0…1", summary: summary, read: { "\($0[keyPath: path])" },
            write: { behavior, text in
                guard let rate = Double(text), (0...1).contains(rate) else { return false }
                behavior[keyPath: path] = rate
                return true
            })
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<APIBehavior, Choice> & Sendable, _ summary: String
    ) -> Entry {
        let form = Choice.allCases.map(\.rawValue).joined(separator: "|")
        return Entry(
            name: name, form: form, summary: summary, read: { $0[keyPath: path].rawValue },
            write: { behavior, text in
                guard let choice = Choice(rawValue: text) else { return false }
                behavior[keyPath: path] = choice
                return true
            })
    }
}

/// Why a knob, a fault or a command of the control endpoint was not taken.
struct ControlError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
