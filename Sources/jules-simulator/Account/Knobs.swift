// SPDX-License-Identifier: Apache-2.0

/// What is uncertain or adjustable about the API. The defaults are the likeliest truth.
struct Knobs: Sendable, Equatable {
    var activitiesDelay: Duration = .seconds(3)
    var queued: Duration = .seconds(20)
    var messageWhileQueued404 = true
    var approveWhileQueued = 400
    var approvalTimeout: Duration = .seconds(600)
    var approveAfterTimeout = ApproveAfterTimeout.resume
    var emitPlanning = false
    var bashOutput = true
    var concurrencyCap = 0
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
    var unknownStateRate = 0.0
    var unknownKindRate = 0.0
    var sharedTimestampRate = 0.0

    /// What approving does to a session that ended because nobody approved in time.
    enum ApproveAfterTimeout: String, Sendable, CaseIterable {
        case resume, nothing
    }

    /// The body of the replies to delete, approvePlan and sendMessage.
    enum EmptyReply: String, Sendable, CaseIterable {
        case object, nothing
    }
}

extension Knobs {
    /// A knob by its name: how it is read from text and written back, and what it is for.
    struct Entry: Sendable {
        let name: String
        let form: String
        let summary: String
        let read: @Sendable (Knobs) -> String
        /// False where the text is not of the knob's form.
        let write: @Sendable (inout Knobs, String) -> Bool
    }

    /// Every knob, in the order of the documentation.
    static let all: [Entry] = [
        duration("activitiesDelay", \.activitiesDelay, "how long the activities of a new session answer 404"),
        duration("queued", \.queued, "how long a session is QUEUED before its plan, give or take half"),
        flag("messageWhileQueued404", \.messageWhileQueued404, "sendMessage answers 404 while QUEUED"),
        Entry(
            name: "approveWhileQueued", form: "400|404", summary: "what approvePlan answers while QUEUED",
            read: { String($0.approveWhileQueued) },
            write: { knobs, text in
                guard let status = Int(text), status == 400 || status == 404 else { return false }
                knobs.approveWhileQueued = status
                return true
            }),
        duration(
            "approvalTimeout", \.approvalTimeout, "a plan that nobody approves ends the session after this; 0 never"),
        choice("approveAfterTimeout", \.approveAfterTimeout, "what approvePlan does after that"),
        flag("emitPlanning", \.emitPlanning, "go through the old state PLANNING"),
        flag("bashOutput", \.bashOutput, "shell output comes as bashOutput artifacts too"),
        Entry(
            name: "concurrencyCap", form: "N", summary: "creation is refused while N sessions are active; 0 no cap",
            read: { String($0.concurrencyCap) },
            write: { knobs, text in
                guard let cap = Int(text), cap >= 0 else { return false }
                knobs.concurrencyCap = cap
                return true
            }),
        flag(
            "refusedButCreated", \.refusedButCreated, "a creation refused at the cap creates the session all the same"),
        flag("reopenOnMessage", \.reopenOnMessage, "a message to a COMPLETED or FAILED session sets it to work again"),
        flag("resumePausedOnMessage", \.resumePausedOnMessage, "a message to a PAUSED session sets it to work again"),
        choice("emptyReply", \.emptyReply, "the body that says nothing: {} or zero bytes"),
        flag("emptyActionBody", \.emptyActionBody, "actions accept an absent body besides {}"),
        flag("echoInputs", \.echoInputs, "sessions tell requirePlanApproval and automationMode back"),
        duration("latency", \.latency, "every answer waits this long, in real time"),
        rate("questionRate", \.questionRate, "sessions in which the agent asks something"),
        rate("failureRate", \.failureRate, "sessions that end FAILED"),
        rate("pauseRate", \.pauseRate, "sessions that stall and end PAUSED"),
        rate("stuckRate", \.stuckRate, "sessions that stay IN_PROGRESS for ever after the work is done"),
        rate("unknownStateRate", \.unknownStateRate, "pieces of work that set a state no client knows"),
        rate("unknownKindRate", \.unknownKindRate, "pieces of work that add an activity of a kind no client knows"),
        rate("sharedTimestampRate", \.sharedTimestampRate, "activities with the createTime of the one before"),
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
        _ name: String, _ path: any WritableKeyPath<Knobs, Duration> & Sendable, _ summary: String
    ) -> Entry {
        Entry(
            name: name, form: "DURATION", summary: summary, read: { $0[keyPath: path].text },
            write: { knobs, text in
                guard let duration = Duration(text) else { return false }
                knobs[keyPath: path] = duration
                return true
            })
    }

    private static func flag(_ name: String, _ path: any WritableKeyPath<Knobs, Bool> & Sendable, _ summary: String)
        -> Entry
    {
        Entry(
            name: name, form: "true|false", summary: summary, read: { String($0[keyPath: path]) },
            write: { knobs, text in
                guard let flag = Bool(text) else { return false }
                knobs[keyPath: path] = flag
                return true
            })
    }

    private static func rate(_ name: String, _ path: any WritableKeyPath<Knobs, Double> & Sendable, _ summary: String)
        -> Entry
    {
        Entry(
            name: name, form: "0…1", summary: summary, read: { "\($0[keyPath: path])" },
            write: { knobs, text in
                guard let rate = Double(text), (0...1).contains(rate) else { return false }
                knobs[keyPath: path] = rate
                return true
            })
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<Knobs, Choice> & Sendable, _ summary: String
    ) -> Entry {
        let form = Choice.allCases.map(\.rawValue).joined(separator: "|")
        return Entry(
            name: name, form: form, summary: summary, read: { $0[keyPath: path].rawValue },
            write: { knobs, text in
                guard let choice = Choice(rawValue: text) else { return false }
                knobs[keyPath: path] = choice
                return true
            })
    }
}

/// Why a knob, a fault or a command of the control endpoint was not taken.
struct ControlError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
