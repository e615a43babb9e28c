// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Testing

@testable import jules_simulator

struct FaithfulnessTests {
    @Test("A new session leaves out default values, and its id has twenty digits")
    func createdSession() throws {
        let desk = AccountFixture()
        let reply = desk.post("/sessions", #"{"prompt": "Retry uploads. They fail.", "requirePlanApproval": false}"#)
        #expect(reply.status == 200)
        let session = try #require(reply.json.object)
        let id = try #require(session["id"]?.string)
        #expect(id.count == 20 && UInt64(id) != nil && Int64(id) == nil)
        #expect(
            session.members.map(\.name) == [
                "name", "id", "prompt", "title", "createTime", "updateTime", "state", "url",
            ])
        #expect(session["name"]?.string == "sessions/\(id)")
        #expect(session["title"]?.string == "Retry uploads")
        #expect(session["state"]?.string == "QUEUED")
        #expect(session["url"]?.string == "https://jules.google.com/session/\(id)")
    }

    @Test("Inputs are echoed as given, or not at all")
    func echo() {
        let inputs = #"""
            , "title": "T", "requirePlanApproval": true, "automationMode": "AUTO_CREATE_PR", "sourceContext": {"source": "sources/github/acme/harbor", "githubRepoContext": {"startingBranch": "next"}, "environmentVariablesEnabled": true}
            """#
        let desk = AccountFixture()
        let told = desk.get("/sessions/\(desk.create(inputs))").json
        #expect(told["requirePlanApproval"]?.bool == true)
        #expect(told["automationMode"]?.string == "AUTO_CREATE_PR")
        #expect(
            told["sourceContext"] == [
                "source": "sources/github/acme/harbor", "githubRepoContext": ["startingBranch": "next"],
                "environmentVariablesEnabled": true,
            ])
        desk.account.behavior.echoInputs = false
        let silent = desk.get("/sessions/\(desk.create(inputs))").json
        #expect(silent["requirePlanApproval"] == nil && silent["automationMode"] == nil)
    }

    @Test("Bodies are indented, end with a line feed and escape angle brackets")
    func indentation() {
        let desk = AccountFixture()
        let id = desk.create(#", "title": "a<b>""#)
        let text = desk.get("/sessions/\(id)").text
        #expect(text.hasPrefix("{\n  \"name\": \"sessions/\(id)\",\n  \"id\": "))
        #expect(text.contains(#""title": "a\u003cb\u003e""#))
        #expect(text.hasSuffix("\n}\n"))
        #expect(desk.get("/sessions/\(id)?prettyPrint=false").text.hasPrefix(#"{"name":"#))
    }

    @Test(
        "An empty list is an empty object",
        arguments: [
            "/sessions", "/sessions?filter=archived%3Dtrue", "/sources?filter=name%3Dsources/none",
        ])
    func emptyList(target: String) {
        let desk = AccountFixture()
        #expect(desk.get(target).text == "{}\n")
    }

    @Test("A session without activities has an empty list of activities")
    func noActivities() {
        let desk = AccountFixture(behavior: .calm { $0.activitiesDelay = .zero })
        let id = desk.create()
        #expect(desk.get("/sessions/\(id)/activities").text == "{}\n")
    }

    @Test(
        "The responses of delete, approvePlan and sendMessage are empty",
        arguments: [
            (APIBehavior.EmptyReply.object, "{}\n"), (.nothing, ""),
        ])
    func emptyReplies(form: APIBehavior.EmptyReply, body: String) {
        let desk = AccountFixture(behavior: .calm { $0.emptyReply = form })
        let id = desk.create(#", "requirePlanApproval": true"#)
        #expect(desk.wait(for: .awaitingPlanApproval, of: id))
        for reply in [
            desk.post("/sessions/\(id):approvePlan"), desk.post("/sessions/\(id):sendMessage", #"{"prompt": "hi"}"#),
            desk.send("DELETE", "/sessions/\(id)"),
        ] {
            #expect(reply.status == 200)
            #expect(reply.text == body)
        }
        #expect(desk.get("/sessions/\(id)").status == 404)
    }

    @Test(
        "Sessions are listed newest first, thirty by default and at most a hundred per page, and each one once",
        arguments: [
            (0, 30), (7, 7), (100, 100), (5000, 100),
        ])
    func sessionPages(size: Int, expected: Int) {
        let desk = AccountFixture()
        for _ in 0..<230 {
            _ = desk.create()
        }
        var told: [String] = []
        var token = ""
        var sizes: [Int] = []
        repeat {
            let page = desk.get("/sessions?pageSize=\(size)&pageToken=\(token)").json
            let sessions = page["sessions"]?.array ?? []
            sizes.append(sessions.count)
            told += sessions.compactMap { $0["id"]?.string }
            token = page["nextPageToken"]?.string ?? ""
        } while !token.isEmpty && sizes.count < 300
        #expect(sizes.dropLast().allSatisfy { $0 == expected })
        #expect(told == desk.account.order.reversed().map(\.id))
        #expect(Set(told).count == 230)
    }

    @Test("A page token is valid only with its filter")
    func tokenOfAnotherFilter() {
        let desk = AccountFixture()
        for _ in 0..<3 { _ = desk.create() }
        let token = desk.get("/sessions?pageSize=1").json["nextPageToken"]?.string ?? ""
        #expect(desk.get("/sessions?pageSize=1&pageToken=\(token)&filter=archived%3Dtrue").status == 400)
        #expect(desk.get("/sessions?pageSize=1&pageToken=\(token)").status == 200)
    }

    @Test("Archived sessions leave the default list but can still be read")
    func archived() {
        let desk = AccountFixture()
        let (first, second) = (desk.create(), desk.create())
        let reply = desk.post("/sessions/\(first):archive")
        #expect(reply.json["archived"]?.bool == true)
        let ids = { (reply: APIReply) in reply.json["sessions"]?.array?.compactMap { $0["id"]?.string } ?? [] }
        #expect(ids(desk.get("/sessions")) == [second])
        #expect(ids(desk.get("/sessions?filter=archived%3Dtrue")) == [first])
        #expect(ids(desk.get("/sessions?filter=archived%3Dtrue+OR+archived%3Dfalse")) == [second, first])
        #expect(desk.get("/sessions/\(first)").status == 200)
        #expect(desk.post("/sessions/\(first):unarchive").json["archived"] == nil)
    }

    @Test("Activities are listed oldest first, and their token is a time in nanoseconds")
    func activityPages() throws {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .completed, of: id))
        let all = try #require(desk.account.sessions[id]?.activities)
        var told: [String] = []
        var token = ""
        repeat {
            let page = desk.get("/sessions/\(id)/activities?pageSize=4&pageToken=\(token)").json
            told += page["activities"]?.array?.compactMap { $0["id"]?.string } ?? []
            token = page["nextPageToken"]?.string ?? ""
            if !token.isEmpty { #expect(token == String(all[told.count].createTime.nanoseconds)) }
        } while !token.isEmpty && told.count < 100
        #expect(told == all.map(\.id))
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.createTime < $1.createTime })

        let after = desk.get(
            "/sessions/\(id)/activities?filter=create_time+%3E+%22\(all[2].createTime.rfc3339Shortest)%22"
        ).json
        #expect(after["activities"]?.array?.first?["id"]?.string == all[3].id)
        let last = desk.get(
            "/sessions/\(id)/activities?filter=create_time%3E%22\(all[all.count - 1].createTime.rfc3339Shortest)%22")
        #expect(last.text == "{}\n")
    }

    @Test("An activity read alone equals its entry in the list")
    func activityAlone() throws {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .completed, of: id))
        for activity in try #require(desk.get("/sessions/\(id)/activities").json["activities"]?.array) {
            #expect(desk.get("/\(activity["name"]?.string ?? "")").json == activity)
            let aid = activity["id"]?.string ?? ""
            #expect(aid.count == 32 && aid.allSatisfy(\.isHexDigit))
        }
    }

    @Test("Activities answer 404 for three seconds after creation")
    func activitiesWindow() {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.get("/sessions/\(id)/activities").status == 404)
        desk.wait(.milliseconds(2900))
        #expect(desk.get("/sessions/\(id)/activities").status == 404)
        desk.wait(.milliseconds(200))
        #expect(desk.get("/sessions/\(id)/activities").status == 200)
    }

    @Test("A field mask keeps the named fields at any depth")
    func fieldMask() throws {
        let desk = AccountFixture()
        let id = desk.create()
        #expect(desk.wait(for: .completed, of: id))
        let mask = "nextPageToken,activities(name,originator,planGenerated/plan/id,progressUpdated/title)"
        let page = desk.get("/sessions/\(id)/activities?fields=\(mask)").json
        let activities = try #require(page["activities"]?.array)
        #expect(activities[0].object?.members.map(\.name) == ["name", "originator", "planGenerated"])
        #expect(activities[0]["planGenerated"]?["plan"]?.object?.members.map(\.name) == ["id"])
        #expect(activities.allSatisfy { $0["artifacts"] == nil && $0["createTime"] == nil })
    }

    @Test(
        "Each field mask selects the expected fields",
        arguments: [
            ("a".replacing("a", with: "id"), #"{"id":1}"#), ("id,name", #"{"id":1,"name":{"title":2,"state":3}}"#),
            ("name/title", #"{"name":{"title":2}}"#),
            ("name(title,state),id", #"{"id":1,"name":{"title":2,"state":3}}"#),
            ("name,name/title", #"{"id":0}"#), ("*", #"{"id":1,"name":{"title":2,"state":3}}"#),
        ])
    func masks(text: String, expected: String) throws {
        let value = try JSON(parsing: #"{"id":1,"name":{"title":2,"state":3}}"#)
        let result = try FieldMask(text).applied(to: value)
        // If a parent and its child are both named, the whole parent is selected.
        let wanted = text == "name,name/title" ? #"{"name":{"title":2,"state":3}}"# : expected
        #expect(result.description == wanted)
    }

    @Test("Sources can be listed, filtered by name and read alone")
    func sources() throws {
        let desk = AccountFixture()
        let all = try #require(desk.get("/sources").json["sources"]?.array)
        #expect(all.count == Repository.all.count)
        #expect(desk.get("/sources/github/acme/harbor").json == all[0])
        #expect(all[0]["githubRepo"]?["isPrivate"] == nil && all[2]["githubRepo"]?["isPrivate"]?.bool == true)
        let two = "name%3Dsources/github/acme/harbor+OR+name%3Dsources/github/acme/tidepool"
        #expect(desk.get("/sources?filter=\(two)").json["sources"]?.array == [all[0], all[2]])
        var told: [JSON] = []
        var token = ""
        repeat {
            let page = desk.get("/sources?pageSize=2&pageToken=\(token)").json
            told += page["sources"]?.array ?? []
            token = page["nextPageToken"]?.string ?? ""
        } while !token.isEmpty && told.count < 100
        #expect(told == all)
    }
}
