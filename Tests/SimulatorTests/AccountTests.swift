// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import jules_simulator

struct AccountTests {
    /// All responses of a day of traffic.
    private func transcript(seed: UInt64, step: Duration) -> [String] {
        let desk = AccountFixture(seed: seed, behavior: APIBehavior())
        desk.account.preload(40, active: 6)
        desk.account.arrivals = 0.5
        var replies: [String] = []
        let id = desk.create(#", "requirePlanApproval": true"#)
        for minute in 0..<30 {
            let end = desk.now + .seconds(60)
            while desk.now < end { desk.wait(min(step, end - desk.now)) }
            if minute == 3 { replies.append(desk.post("/sessions/\(id):approvePlan").text) }
            if minute == 9 { replies.append(desk.post("/sessions/\(id):sendMessage", #"{"prompt": "Hm."}"#).text) }
            replies.append(desk.get("/sessions").text)
            replies.append(desk.get("/sessions/\(id)/activities").text)
        }
        return replies
    }

    @Test("The same seed and the same requests give the same bytes, in small and large steps of time")
    func determinism() {
        let one = transcript(seed: 5, step: .seconds(60))
        #expect(one == transcript(seed: 5, step: .seconds(60)))
        #expect(one == transcript(seed: 5, step: .milliseconds(700)))
        #expect(one != transcript(seed: 6, step: .seconds(60)))
    }

    @Test("Five thousand sessions exist at once, and paging returns each of them once")
    func manySessions() {
        let desk = AccountFixture(behavior: APIBehavior())
        desk.account.preload(5000, active: 12)
        #expect(desk.account.order.count == 5000)
        #expect(desk.account.order == desk.account.order.sorted())
        var told: [String] = []
        var token = ""
        var previous = "9999"
        repeat {
            let page = desk.get(
                "/sessions?pageSize=100&fields=nextPageToken,sessions(id,createTime)&pageToken=\(token)"
            ).json
            for session in page["sessions"]?.array ?? [] {
                told.append(session["id"]?.string ?? "")
                let time = session["createTime"]?.string ?? ""
                #expect(time.prefix(19) <= previous.prefix(19))
                previous = time
            }
            token = page["nextPageToken"]?.string ?? ""
        } while !token.isEmpty && told.count < 6000
        #expect(told.count == 5000)
        #expect(Set(told).count == 5000)
    }

    @Test("Paging returns each session once while sessions are added and deleted")
    func pagingUnderChange() {
        let desk = AccountFixture(behavior: APIBehavior())
        desk.account.preload(50, active: 0)
        let before = Set(desk.account.sessions.keys)
        var told: [String] = []
        var token = ""
        repeat {
            let page = desk.get("/sessions?pageSize=10&pageToken=\(token)").json
            told += page["sessions"]?.array?.compactMap { $0["id"]?.string } ?? []
            token = page["nextPageToken"]?.string ?? ""
            _ = desk.create()
            // The session in the page token is deleted.
            if told.count == 20 { _ = desk.send("DELETE", "/sessions/\(told[19])") }
        } while !token.isEmpty && told.count < 100
        #expect(told.count == 50)
        #expect(Set(told) == before)
    }

    @Test("The active sessions of a new account are in all important states, and no time is in the future")
    func preloadedStates() {
        let desk = AccountFixture(behavior: APIBehavior())
        desk.account.preload(20, active: 6)
        let states = Set(desk.account.sessions.values.map(\.state))
        #expect(
            states.isSuperset(of: [.awaitingPlanApproval, .awaitingUserFeedback, .inProgress, .queued, .completed]))
        for session in desk.account.sessions.values {
            #expect(session.createTime <= desk.now && session.updateTime <= desk.now)
            #expect(session.activities.allSatisfy { $0.createTime >= session.createTime && $0.createTime <= desk.now })
            #expect(session.due.map { $0.at >= desk.now } ?? true)
        }
    }

    @Test("The titles of the first sessions differ")
    func variety() {
        let desk = AccountFixture(behavior: APIBehavior())
        desk.account.preload(20, active: 6)
        #expect(Set(desk.account.sessions.values.map(\.title)).count >= 18)
    }

    @Test("Sessions start by themselves at the requested rate")
    func arrivals() {
        let desk = AccountFixture(behavior: APIBehavior())
        desk.account.arrivals = 2
        desk.wait(.seconds(3600))
        #expect((90...150).contains(desk.account.sessions.count))
        desk.account.arrivals = 0
        let count = desk.account.sessions.count
        desk.wait(.seconds(3600))
        #expect(desk.account.sessions.count == count)
    }

    @Test("Time never goes back")
    func monotonic() {
        let desk = AccountFixture()
        desk.wait(.seconds(10))
        desk.account.advance(to: AccountFixture.start)
        #expect(desk.account.now == AccountFixture.start + .seconds(10))
    }

    @Test("Requests are counted and stored without their key")
    func requestLog() {
        let desk = AccountFixture()
        _ = desk.get("/sessions?pageSize=3&key=secret")
        _ = desk.get("/nowhere")
        #expect(desk.account.requests.counts == ["sessions.list": 1, "unknown": 1])
        #expect(desk.account.requests.recent.map(\.target) == ["/v1alpha/sessions?pageSize=3", "/v1alpha/nowhere"])
    }
}
