// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Glibc
import Testing

@testable import jules_simulator

struct LifeCycleTests {
    @Test("Without required approval the plan is approved after two seconds and the work completes with a patch")
    func straight() throws {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.account.sessions[id]?.state == .queued)
        #expect(desk.wait(for: .completed, of: id))
        let session = try #require(desk.account.sessions[id])
        let kinds = desk.kinds(of: id)
        #expect(kinds.prefix(2) == ["planGenerated", "planApproved"])
        #expect(kinds.last == "sessionCompleted")
        let gap = session.activities[1].createTime - session.activities[0].createTime
        #expect((.milliseconds(1700) ... .milliseconds(2300)).contains(gap))
        #expect(session.activities[1].originator == .user)
        let told = desk.get("/sessions/\(id)").json
        let outputs = try #require(told["outputs"]?.array)
        #expect(outputs.count == 1)
        #expect(outputs[0]["changeSet"]?["source"]?.string == "sources/github/")
        #expect(outputs[0]["changeSet"]?["gitPatch"]?["unidiffPatch"]?.string?.hasPrefix("diff --git") == true)
    }

    @Test("AUTO_CREATE_PR adds the pull request as a separate output")
    func pullRequest() throws {
        let desk = AccountFixture()
        let id = desk.create(
            #", "automationMode": "AUTO_CREATE_PR", "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {"startingBranch": "next"}}"#
        )
        #expect(desk.wait(for: .completed, of: id))
        let outputs = try #require(desk.get("/sessions/\(id)").json["outputs"]?.array)
        #expect(outputs.map { $0.object?.members.map(\.name) ?? [] } == [["changeSet"], ["pullRequest"]])
        let request = outputs[1]["pullRequest"]
        #expect(request?["url"]?.string?.hasPrefix("https://github.com/acme/harbor/pull/") == true)
        #expect(request?["baseRef"]?.string == "next")
        #expect(request?["headRef"]?.string?.hasSuffix("-\(id)") == true)
    }

    @Test("Change sets are cumulative: each one begins with the one before")
    func cumulative() throws {
        let desk = AccountFixture()
        let id = desk.create(#", "sourceContext": {"source": "sources/github/acme/harbor"}"#)
        #expect(desk.wait(for: .completed, of: id))
        let activities = try #require(desk.get("/sessions/\(id)/activities?pageSize=100").json["activities"]?.array)
        let patches = activities.compactMap { activity in
            activity["artifacts"]?.array?.first?["changeSet"]?["gitPatch"]?["unidiffPatch"]?.string
        }
        #expect(patches.count == 4)
        #expect(zip(patches, patches.dropFirst()).allSatisfy { $1.hasPrefix($0) })
    }

    @Test("A plan that requires approval waits for it")
    func gate() {
        let desk = AccountFixture()
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.post("/sessions/\(id):approvePlan").status == 400)
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "x"}"#).status == 404)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        desk.wait(.seconds(300))
        #expect(desk.kinds(of: id) == ["planGenerated"])
        #expect(desk.post("/sessions/\(id):approvePlan").status == 200)
        #expect(desk.account.sessions[id]?.state == .inProgress)
        #expect(desk.kinds(of: id) == ["planGenerated", "planApproved"])
        #expect(desk.post("/sessions/\(id):approvePlan").errorStatus == "FAILED_PRECONDITION")
        #expect(desk.wait(for: .completed, of: id))
    }

    @Test(
        "A plan that nobody approves for ten minutes ends the session with the plan only",
        arguments: [
            (APIBehavior.ApproveAfterTimeout.resume, SessionState.inProgress), (.nothing, .completed),
        ])
    func approvalTimeout(effect: APIBehavior.ApproveAfterTimeout, after: SessionState) {
        let desk = AccountFixture(behavior: .calm { $0.approveAfterTimeout = effect })
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        desk.wait(.seconds(595))
        #expect(desk.account.sessions[id]?.state == .awaitingPlanApproval)
        desk.wait(.seconds(10))
        #expect(desk.account.sessions[id]?.state == .completed)
        #expect(desk.kinds(of: id) == ["planGenerated"])
        #expect(desk.get("/sessions/\(id)").json["outputs"] == nil)
        #expect(desk.post("/sessions/\(id):approvePlan").status == 200)
        #expect(desk.account.sessions[id]?.state == after)
    }

    @Test("A message about a waiting plan revises it, and the new plan waits too")
    func revision() throws {
        let desk = AccountFixture()
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        let first = try #require(desk.account.sessions[id]?.latestPlan?.id)
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Without new options, please."}"#).status == 200)
        desk.wait(.seconds(500))
        #expect(desk.kinds(of: id) == ["planGenerated", "userMessaged", "planGenerated"])
        #expect(desk.account.sessions[id]?.state == .awaitingPlanApproval)
        #expect(desk.account.sessions[id]?.latestPlan?.id != first)
    }

    @Test("After a first approval a revised plan runs without another approval")
    func revisionAfterApproval() {
        let desk = AccountFixture()
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        _ = desk.post("/sessions/\(id):approvePlan")
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Change of plan: no new file."}"#).status == 200)
        #expect(desk.wait(for: .completed, of: id))
        let kinds = desk.kinds(of: id)
        #expect(kinds.count { $0 == "planGenerated" } == 2)
        #expect(kinds.count { $0 == "planApproved" } == 1)
    }

    @Test("A question waits for its answer, even for days")
    func question() {
        let desk = AccountFixture(behavior: .calm { $0.questionRate = 1 })
        let id = desk.create()
        #expect(desk.wait(for: .awaitingUserFeedback, of: id))
        #expect(desk.kinds(of: id).last == "agentMessaged")
        desk.wait(.seconds(7 * 86400))
        #expect(desk.account.sessions[id]?.state == .awaitingUserFeedback)
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Yes."}"#).status == 200)
        #expect(desk.account.sessions[id]?.state == .inProgress)
        #expect(desk.kinds(of: id).last == "userMessaged")
        #expect(desk.wait(for: .completed, of: id))
    }

    @Test("A failed session may give a reason or not")
    func failure() {
        let desk = AccountFixture(behavior: .calm { $0.failureRate = 1 })
        var reasons: [String?] = []
        for _ in 0..<12 {
            let id = desk.create()
            #expect(desk.wait(for: .failed, of: id))
            if case .sessionFailed(let reason) = desk.account.sessions[id]?.activities.last?.kind {
                reasons.append(reason)
            }
        }
        #expect(reasons.count == 12)
        #expect(reasons.contains(nil) && reasons.contains { $0 != nil })
    }

    @Test(
        "A message reopens a session that has ended, unless a knob forbids it",
        arguments: [
            (true, 0.0), (true, 1.0), (false, 0.0), (false, 1.0),
        ])
    func reopening(reopens: Bool, failureRate: Double) {
        let over: SessionState = failureRate == 1 ? .failed : .completed
        let desk = AccountFixture(behavior: .calm { ($0.reopenOnMessage, $0.failureRate) = (reopens, failureRate) })
        let id = desk.create()
        #expect(desk.wait(for: over, of: id))
        desk.wait(.seconds(39 * 3600))
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "One more thing."}"#).status == 200)
        #expect(desk.account.sessions[id]?.state == (reopens ? .inProgress : over))
        #expect(desk.kinds(of: id).last == "userMessaged")
        if reopens { #expect(desk.wait(for: .completed, of: id)) }
    }

    @Test("Archiving stops an active session, and unarchiving does not start it again")
    func archiving() {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .inProgress, of: id))
        #expect(desk.post("/sessions/\(id):archive").json["state"]?.string == "PAUSED")
        #expect(desk.post("/sessions/\(id):unarchive").json["state"]?.string == "PAUSED")
        let before = desk.kinds(of: id)
        desk.wait(.seconds(7200))
        #expect(desk.kinds(of: id) == before)
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Go on."}"#).status == 200)
        #expect(desk.wait(for: .completed, of: id))
        let done = desk.create()
        #expect(desk.wait(for: .completed, of: done))
        #expect(desk.post("/sessions/\(done):archive").json["state"]?.string == "COMPLETED")
    }

    @Test("A session that stopped before its plan was approved resumes with a plan that waits for approval")
    func backToTheGate() {
        let desk = AccountFixture()
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        _ = desk.post("/sessions/\(id):archive")
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Go on."}"#).status == 200)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        #expect(desk.kinds(of: id) == ["planGenerated", "userMessaged", "planGenerated"])
    }

    @Test("Every knob is documented with its default")
    func documentation() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let file = try #require(fopen(root + "/docs/simulator.md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        for knob in APIBehavior.all { #expect(text.contains("| `\(knob.name)` | \(knob.read(APIBehavior())) |")) }
    }

    @Test("Every patch is a well-formed diff with correct counts in its hunks")
    func patches() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            let assignment = Assignment(random: &random)
            let patch = assignment.patch(edits: assignment.editCount)
            var (old, new) = (0, 0)
            for line in patch.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                if line.hasPrefix("@@ ") {
                    let counts = line.split(whereSeparator: { " ,".contains($0) })
                    #expect((old, new) == (0, 0))
                    old = Int(counts[2]) ?? 0
                    new = Int(counts[4]) ?? 0
                } else if old > 0 || new > 0 {
                    if !line.hasPrefix("+") { old -= 1 }
                    if !line.hasPrefix("-") { new -= 1 }
                }
            }
            #expect((old, new) == (0, 0))
            #expect(patch.hasSuffix("\n") && !patch.contains("{Type}") && !patch.contains("{snake}"))
        }
    }

    @Test("A message during the work is answered, and the work goes on")
    func guidance() {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .inProgress, of: id))
        #expect(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Mind the docs."}"#).status == 200)
        desk.wait(.seconds(481))
        #expect(desk.kinds(of: id)[2...3] == ["userMessaged", "agentMessaged"])
        #expect(desk.wait(for: .completed, of: id))
    }

    @Test("PLANNING occurs only if emitPlanning is set")
    func planning() {
        let desk = AccountFixture(behavior: .calm { $0.emitPlanning = true })
        let id = desk.create()
        #expect(desk.wait(for: .planning, of: id))
        #expect(desk.kinds(of: id).isEmpty)
        #expect(desk.wait(for: .inProgress, of: id))
    }

    @Test("A stuck session stays IN_PROGRESS after its work, and a stalled one becomes PAUSED without an activity")
    func stuckAndStalled() {
        let stuck = AccountFixture(behavior: .calm { $0.stuckRate = 1 })
        let one = stuck.create()
        stuck.wait(.seconds(86400))
        #expect(stuck.account.sessions[one]?.state == .inProgress)
        #expect(stuck.account.sessions[one]?.due == nil)
        let stalled = AccountFixture(behavior: .calm { $0.pauseRate = 1 })
        let other = stalled.create()
        #expect(stalled.wait(for: .paused, of: other))
        #expect(!stalled.kinds(of: other).contains("sessionCompleted"))
    }

    @Test("The limit refuses without a reason, and may still create the session", arguments: [(false, 2), (true, 3)])
    func concurrencyCap(created: Bool, count: Int) {
        let desk = AccountFixture(behavior: .calm { ($0.concurrencyCap, $0.refusedButCreated) = (2, created) })
        _ = (desk.create(), desk.create())
        let reply = desk.post("/sessions", #"{"prompt": "x"}"#)
        #expect(reply.status == 400)
        #expect(reply.errorStatus == "FAILED_PRECONDITION")
        #expect(reply.json["error"]?["message"]?.string == "Precondition check failed.")
        #expect(reply.json["error"]?["details"] == nil)
        #expect(desk.account.sessions.count == count)
    }

    @Test(
        "The limit per day refuses with 429 or without a reason, counts deleted sessions, and frees a place after a day",
        arguments: [("throttled", 429, "RESOURCE_EXHAUSTED"), ("precondition", 400, "FAILED_PRECONDITION")])
    func tasksPerDay(form: String, status: Int, name: String) throws {
        var behavior = APIBehavior.calm { $0.tasksPerDay = 2 }
        try behavior.set("refusalPerDay", to: form)
        let desk = AccountFixture(behavior: behavior)
        let first = desk.create()
        desk.wait(.seconds(3600))
        #expect(desk.send("DELETE", "/sessions/\(first)").status == 200)
        _ = desk.create()
        let refused = desk.post("/sessions", #"{"prompt": "x"}"#)
        #expect(refused.status == status && refused.errorStatus == name)
        desk.wait(.seconds(82_799))
        #expect(desk.post("/sessions", #"{"prompt": "x"}"#).status == status)
        desk.wait(.seconds(1))
        #expect(desk.post("/sessions", #"{"prompt": "x"}"#).status == 200)
        #expect(desk.post("/sessions", #"{"prompt": "x"}"#).status == status)
    }

    @Test("Shell output is an artifact, or text only")
    func bashOutput() {
        for wanted in [true, false] {
            let desk = AccountFixture(behavior: .calm { $0.bashOutput = wanted })
            let id = desk.create()
            #expect(desk.wait(for: .completed, of: id))
            let text = desk.get("/sessions/\(id)/activities?pageSize=100").text
            #expect(text.contains(#""title": "Ran bash command""#))
            #expect(text.contains("bashOutput") == wanted)
        }
    }

    @Test("Outputs and patches can be missing")
    func missingParts() throws {
        let desk = AccountFixture(behavior: .calm { ($0.outputlessRate, $0.patchlessRate) = (1, 1) })
        let id = desk.create()
        #expect(desk.wait(for: .completed, of: id))
        #expect(desk.get("/sessions/\(id)").json["outputs"] == nil)
        let text = desk.get("/sessions/\(id)/activities?pageSize=100").text
        #expect(text.contains("gitPatch") && !text.contains("unidiffPatch"))
    }

    @Test("Unknown states and kinds occur if they are asked for")
    func unknowns() {
        let desk = AccountFixture(behavior: .calm { ($0.unknownStateRate, $0.unknownKindRate) = (0.5, 1) })
        let id = desk.create()
        #expect(desk.wait(for: SessionState(rawValue: "WAITING_FOR_CAPACITY"), of: id))
        #expect(desk.wait(for: .completed, of: id))
        #expect(desk.get("/sessions/\(id)/activities").text.contains("checkpointSaved"))
    }

    @Test("Two activities can have the same time")
    func sharedTimes() throws {
        let desk = AccountFixture(behavior: .calm { $0.sharedTimestampRate = 1 })
        let id = desk.create()
        #expect(desk.wait(for: .completed, of: id))
        #expect(Set(try #require(desk.account.sessions[id]).activities.map(\.createTime)).count == 1)
    }

    @Test("Delays and outcomes have the measured distribution")
    func distribution() {
        var random = SplitMix64(seed: 1)
        let gaps = (0..<10000).map { _ in AgentDelays.work(&random) }.sorted()
        #expect((.seconds(24) ... .seconds(28)).contains(gaps[5000]))
        #expect((.seconds(70) ... .seconds(84)).contains(gaps[9000]))
        #expect(gaps[9999] <= .seconds(2160))

        var account = Account(seed: 3, at: AccountFixture.start)
        account.preload(1000, active: 0)
        let states = Dictionary(grouping: account.sessions.values, by: \.state).mapValues(\.count)
        #expect((900...965).contains(states[.completed] ?? 0))
        #expect((20...75).contains(states[.paused] ?? 0))
        #expect((5...40).contains(states[.failed] ?? 0))
        let human = account.sessions.values.count { session in
            session.draft.requirePlanApproval
                || session.activities.contains { if case .userMessaged = $0.kind { true } else { false } }
        }
        #expect((90...200).contains(human))
    }
}
