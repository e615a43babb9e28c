// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOCore
import Testing

@testable import julesd

@Suite("Start of a client of the feed", .timeLimit(.minutes(2)))
struct FeedStartTests {
    @Test(
        "The options of a client decide which messages outside the log it receives",
        arguments: [
            (FeedStart(), []),
            (FeedStart(wantsQueue: true), ["queue"]),
            (FeedStart(wantsActivities: true), ["1", "2"]),
            (FeedStart(wantsActivities: true, wantsQueue: true), ["1", "2", "queue"]),
            (FeedStart(wantsActivities: true, sessions: ["1"]), ["1"]),
            (FeedStart(wantsActivities: true, sessions: ["1"], wantsQueue: true), ["1", "queue"]),
            // Sessions alone do not ask for activities.
            (FeedStart(sessions: ["1"]), []),
        ] as [(FeedStart, [String])])
    func topics(start: FeedStart, gets: [String]) {
        #expect(["1", "2", FeedStart.queueTopic].filter(start.topics.includes) == gets)
    }
}

@Suite("Messages of the feed", .timeLimit(.minutes(2)))
struct FeedMessageTests {
    private func event(_ message: PushMessage) -> String { String(buffer: message.event) }

    @Test("Each message is an event with a type; only messages of the log have an id")
    func events() throws {
        #expect(
            event(FeedMessage.gap(3...7)) == "event: gap\nid: 7\ndata: {\"type\":\"gap\",\"from\":3,\"to\":7}\n\n")
        #expect(event(FeedMessage.pong) == "event: pong\ndata: {\"type\":\"pong\"}\n\n")
        #expect(
            event(FeedMessage.queue(Array(#"{"id":"q1"}"#.utf8)))
                == "event: queue\ndata: {\"type\":\"queue\",\"entry\":{\"id\":\"q1\"}}\n\n")
        #expect(
            event(FeedMessage.activities([activity("a", created: 1), activity("b", created: 2)], of: "1"))
                .hasPrefix("event: activities\ndata: {\"type\":\"activities\",\"sessionId\":\"1\",\"activities\":[{"))
        let hello = event(FeedMessage.hello(LogHead(epoch: "e", seq: 9)))
        #expect(hello.contains(#""epoch":"e","seq":9"#) && !hello.contains("id:"))
    }
}
