// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

// The life cycle as a state machine of values. Each step and each event changes the session and sets its next step.

extension Session {
    init(
        id: String, draft: SessionDraft, assignment: Assignment, at instant: Timestamp, seed: UInt64,
        behavior: APIBehavior
    ) {
        var random = SplitMix64(seed: seed)
        self.id = id
        self.draft = draft
        self.assignment = assignment
        title = draft.title ?? assignment.title(for: draft.prompt)
        createTime = instant
        updateTime = instant
        pullRequestNumber = random.number(in: 40...900)
        baseCommit = random.hexadecimal(40)
        let wait = random.duration(behavior.queued * 0.5, behavior.queued * 1.5)
        due =
            behavior.emitPlanning
            ? ScheduledStep(at: instant + wait * 0.5, step: .startPlanning)
            : ScheduledStep(at: instant + wait, step: .presentPlan)
        self.random = random
    }

    /// Carries out the step that is due.
    mutating func perform(_ behavior: APIBehavior) {
        guard let due else { return }
        self.due = nil
        switch due.step {
        case .startPlanning:
            state = .planning
            updateTime = due.at.wholeMicroseconds
            self.due = ScheduledStep(
                at: due.at + random.duration(behavior.queued * 0.25, behavior.queued * 0.75), step: .presentPlan)
        case .presentPlan: presentPlan(at: due.at, behavior)
        case .revisePlan: waitAtGate(at: due.at, behavior)
        case .approvePlan:
            addApproval(at: due.at, behavior)
            startWork(at: due.at, behavior)
        case .expire:
            state = .completed
            updateTime = due.at.wholeMicroseconds
        case .work: performWork(at: due.at, behavior)
        }
    }

    private mutating func presentPlan(at instant: Timestamp, _ behavior: APIBehavior) {
        if draft.requirePlanApproval { return waitAtGate(at: instant, behavior) }
        addPlan(at: instant, behavior)
        due = ScheduledStep(at: instant + random.duration(.milliseconds(1700), .milliseconds(2300)), step: .approvePlan)
    }

    /// Presents a plan and waits for its approval.
    mutating func waitAtGate(at instant: Timestamp, _ behavior: APIBehavior) {
        addPlan(at: instant, behavior)
        state = .awaitingPlanApproval
        due =
            behavior.approvalTimeout == .zero
            ? nil : ScheduledStep(at: instant + behavior.approvalTimeout, step: .expire)
    }

    /// Starts the agent's work on the newest plan from its beginning.
    mutating func startWork(at instant: Timestamp, _ behavior: APIBehavior) {
        planIsApproved = true
        state = .inProgress
        let draw = random.unit()
        ending =
            if draw < behavior.failureRate {
                .fail
            } else if draw < behavior.failureRate + behavior.pauseRate {
                .pause
            } else if draw < behavior.failureRate + behavior.pauseRate + behavior.stuckRate {
                .stuck
            } else {
                .complete
            }
        work = composeWork(asking: random.chance(behavior.questionRate))
        due = ScheduledStep(at: instant + AgentDelays.work(&random), step: .work)
    }

    private mutating func composeWork(asking: Bool) -> [Work] {
        var work: [Work] = [.explore, .silence]
        if random.chance(0.6) { work += [.explore, .silence] }
        for edit in 0..<assignment.editCount {
            work.append(.change)
            for _ in 0..<random.number(in: 0...3) { work.append(.silence) }
            if edit > 0 || random.chance(0.4) { work.append(.check) }
            if random.chance(0.3) { work.append(.note) }
        }
        if assignment.hasPage { work.append(.screenshot) }
        if ending == .fail { work.removeLast(random.number(in: 0...work.count / 2)) }
        if asking { work.insert(.ask, at: random.number(in: min(2, work.count)...work.count)) }
        return work + [.finish]
    }

    private mutating func performWork(at instant: Timestamp, _ behavior: APIBehavior) {
        guard !work.isEmpty else { return }
        state = random.chance(behavior.unknownStateRate) ? SessionState(rawValue: "WAITING_FOR_CAPACITY") : .inProgress
        if random.chance(behavior.unknownKindRate) {
            let checkpoint = JSONObject([
                .init(name: "checkpointSaved", value: ["label": .string(random.hexadecimal(8))])
            ])
            add(.agent, .other(checkpoint), at: instant, behavior)
        }
        let piece = work.removeFirst()
        due = ScheduledStep(at: instant + AgentDelays.work(&random), step: .work)
        switch piece {
        case .silence: add(.agent, .progressUpdated(title: "", description: ""), at: instant, behavior)
        case .note:
            let note = assignment.note(&random)
            add(.agent, .progressUpdated(title: note.title, description: note.description), at: instant, behavior)
        case .explore: run(assignment.exploration(&random), at: instant, behavior)
        case .check: run(assignment.check(passing: random.chance(0.8), &random), at: instant, behavior)
        case .change: change(at: instant, behavior)
        case .screenshot:
            add(
                .agent, .progressUpdated(title: "Took a screenshot of the page", description: ""),
                [.media(mimeType: "image/png", base64: Assignment.screenshot)], at: instant, behavior)
        case .acknowledge: add(.agent, .agentMessaged(assignment.acknowledgement(&random)), at: instant, behavior)
        case .replan: addPlan(at: instant, behavior)
        case .ask: ask(assignment.question(&random), at: instant, behavior)
        case .finish: finish(at: instant, behavior)
        }
    }

    private mutating func run(_ shell: Assignment.ShellRun, at instant: Timestamp, _ behavior: APIBehavior) {
        add(
            .agent, .progressUpdated(title: "Ran bash command", description: "\(shell.command)\n\(shell.output)"),
            behavior.bashOutput
                ? [.bashOutput(command: shell.command, output: shell.output, exitCode: shell.exitCode)] : [],
            at: instant, behavior)
    }

    /// Adds the next edit, and an activity with the whole change so far.
    mutating func change(at instant: Timestamp, _ behavior: APIBehavior) {
        editsDone = min(editsDone + 1, assignment.editCount)
        add(
            .agent, .progressUpdated(title: assignment.changeTitle(edit: editsDone - 1), description: ""),
            [changeSet(behavior)], at: instant, behavior)
    }

    private mutating func changeSet(_ behavior: APIBehavior) -> Activity.Artifact {
        .changeSet(edits: random.chance(behavior.patchlessRate) ? 0 : editsDone)
    }

    /// Asks a person. Nothing more happens before the answer.
    mutating func ask(_ question: String, at instant: Timestamp, _ behavior: APIBehavior) {
        add(.agent, .agentMessaged(question), at: instant, behavior)
        state = .awaitingUserFeedback
        due = nil
    }

    private mutating func finish(at instant: Timestamp, _ behavior: APIBehavior) {
        due = nil
        switch ending {
        case .complete: complete(at: instant, behavior)
        case .fail: fail(reason: random.chance(4.0 / 11) ? nil : assignment.failure(&random), at: instant, behavior)
        case .stuck: break
        case .pause:
            state = .paused
            updateTime = instant.wholeMicroseconds
        }
    }

    mutating func complete(at instant: Timestamp, _ behavior: APIBehavior) {
        editsDone = max(editsDone, 1)
        deliveredEdits = random.chance(behavior.outputlessRate) ? nil : editsDone
        add(.agent, .sessionCompleted, [changeSet(behavior)], at: instant, behavior)
        state = .completed
        due = nil
        work = []
    }

    mutating func fail(reason: String?, at instant: Timestamp, _ behavior: APIBehavior) {
        add(.agent, .sessionFailed(reason: reason), at: instant, behavior)
        state = .failed
        due = nil
        work = []
    }

    mutating func addPlan(at instant: Timestamp, _ behavior: APIBehavior) {
        let steps = assignment.steps(revised: latestPlan != nil).map { title, description in
            Plan.Step(id: random.hexadecimal(32), title: title, description: description)
        }
        let plan = Plan(id: random.hexadecimal(32), steps: steps, createTime: instant.wholeMicroseconds)
        add(.agent, .planGenerated(plan), at: instant, behavior)
    }

    mutating func addApproval(at instant: Timestamp, _ behavior: APIBehavior) {
        guard let plan = latestPlan else { return }
        add(.user, .planApproved(planID: plan.id), at: instant, behavior)
    }

    /// Adds an activity. Its time is at least a microsecond after the last one, unless a knob makes two activities
    /// share a time.
    mutating func add(
        _ originator: Activity.Originator, _ kind: Activity.Kind, _ artifacts: [Activity.Artifact] = [],
        at instant: Timestamp, _ behavior: APIBehavior
    ) {
        var time = instant.wholeMicroseconds
        if let last = activities.last?.createTime {
            let shares = behavior.sharedTimestampRate > 0 && random.chance(behavior.sharedTimestampRate)
            time = shares ? last : max(time, last + .microseconds(1))
        }
        activities.append(
            Activity(
                id: random.hexadecimal(32), createTime: time, originator: originator, kind: kind, artifacts: artifacts))
        updateTime = max(updateTime, time + random.duration(.milliseconds(2), .milliseconds(400)))
    }
}
