// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("The example rules", .timeLimit(.minutes(2)))
struct ExampleRuleTests {
    private let set: RuleSet

    init() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        set = try RuleSet.load(
            folders: ["\(root)/docs/examples/rules.d"],
            list: { path throws(FileReadError) in try FileContents.names(in: path) },
            read: { path throws(FileReadError) in try FileContents.read(path) })
    }

    private func decision(
        _ kind: RuleEvent.Kind, repository: String = "acme/docs", branch: String = "main", title: String = "Fix typos",
        text: String = "", steps: Int? = nil, age: Duration = .zero
    ) -> Rule? {
        let now = Timestamp(milliseconds: 1_795_166_042_000)
        let event = RuleEvent(
            kind: kind, sessionID: "1", repository: repository, branch: branch, title: title, prompt: "Do it",
            text: text, planID: steps.map { "p\($0)" }, planSteps: steps, at: now.advanced(by: .zero - age))
        return set.first(for: event, now: now, since: { _ in now })
    }

    @Test("There are eight rules without a fault")
    func count() { #expect(set.rules.count == 8) }

    @Test("A small plan in a listed repository is approved after five minutes")
    func approve() {
        let rule = decision(.plan, text: "1. Read", steps: 8)
        #expect(rule?.name == "40-docs" && rule?.action == .approve && rule?.delay == .seconds(300))
        #expect(decision(.plan, repository: "acme/site-main", steps: 1)?.action == .approve)
        #expect(decision(.plan, steps: 9) == nil, "too many steps")
        #expect(decision(.plan, repository: "acme/server", steps: 1) == nil)
        #expect(decision(.plan, title: "Prepare the Release", steps: 1) == nil)
    }

    @Test("Release branches are left alone, whatever later rules say")
    func hold() {
        for kind in [RuleEvent.Kind.plan, .question, .stalled, .failed, .expired, .completed] {
            #expect(decision(kind, branch: "release/2.0", steps: 1)?.action == .leave, "\(kind)")
        }
    }

    @Test(
        "A plan or question about secrets is left to a person",
        arguments: ["Rotate the API key", "Print TOKEN", "a password"])
    func secrets(text: String) {
        #expect(decision(.plan, text: text, steps: 1)?.name == "20-secrets")
        #expect(decision(.question, text: text)?.name == "20-secrets")
    }

    @Test("A stalled session is asked once to continue")
    func stalled() {
        let rule = decision(.stalled)
        #expect(rule?.name == "50-continue" && rule?.maxPerSession == 1)
    }

    @Test("Only the question that always has the same answer is answered")
    func goOn() {
        #expect(decision(.question, text: "All done so far. Shall I continue with step 2?")?.name == "55-go-on")
        #expect(decision(.question, text: "Which of the two names do you prefer?") == nil)
    }

    @Test("A failed or expired session is tried once more")
    func retries() {
        #expect(decision(.failed)?.action == .retry && decision(.failed)?.maxPerSession == 1)
        #expect(decision(.failed, title: "Experiment 7") == nil)
        #expect(decision(.expired)?.name == "65-expired" && decision(.expired)?.action == .retry)
    }

    @Test("A completed session is archived after a week, even if it completed before the rule existed")
    func tidy() {
        let rule = decision(.completed, age: .seconds(86_400 * 30))
        #expect(rule?.name == "70-tidy" && rule?.action == .archive && rule?.delay == .seconds(7 * 86_400))
        #expect(decision(.failed, age: .seconds(10)) == nil, "others have no Existing=yes")
    }
}
