// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("STORE and INSTANCE", .timeLimit(.minutes(2)))
struct StoreURITests {
    @Test(
        "Every form that libpq takes is accepted, and is shown without user name, password and other parameters",
        arguments: [
            ("postgresql://", "postgresql://"),
            ("postgres://db", "postgres://db"),
            ("postgresql:///julesd?host=/run/postgresql&user=u", "postgresql:///julesd?host=/run/postgresql"),
            ("postgresql://u@%2Frun%2Fpostgresql/julesd", "postgresql://%2Frun%2Fpostgresql/julesd"),
            ("postgresql://u:p@db1:5433,db2,[2001:db8::1]:5434/d", "postgresql://db1:5433,db2,[2001:db8::1]:5434/d"),
            (
                "postgresql://u:p%40%2F%25@db:/d?sslmode=verify-full&passfile=/f&port=5433",
                "postgresql://db:/d?port=5433"
            ),
            ("postgresql://u:p?:x@db/d?", "postgresql://db/d"),
            ("postgresql://db?user=u&password=p", "postgresql://db"),
            ("postgresql://u:p@db/d?options=-c%20search_path%3Dx", "postgresql://db/d"),
        ])
    func accepted(text: String, shown: String) throws {
        let uri = try StoreURI(text)
        #expect(uri.secret.reveal() == text)
        #expect("\(uri)" == shown)
        var dumped = ""
        dump(uri, to: &dumped)
        #expect(!dumped.contains("p@"))
    }

    @Test(
        "Any other text is refused with a reason that quotes nothing of it",
        arguments: [
            ("hunter2", "no URI of PostgreSQL"), ("host=db password=hunter2", "no URI of PostgreSQL"),
            ("mysql://u:hunter2@db/d", "no URI of PostgreSQL"), ("POSTGRESQL://u:hunter2@db/d", "no URI of PostgreSQL"),
            ("postgresql://u:hunter2 x@db/d", "a space"), ("postgresql://u:hunter2é@db/d", "a space"),
            ("postgresql://u:hunter2%@db/d", "write %25"), ("postgresql://u:hunter2%4@db/d", "write %25"),
            ("postgresql://u:hunter2%zz@db/d", "write %25"), ("postgresql://u:hunter2%00@db/d", "write %25"),
            ("postgresql://u:hun@ter2@db/d", "%40"), ("postgresql://u:hun/ter2@db/d", "%2F"),
            ("postgresql://u:1/hunter2?x=y@db/d", "%2F"),
            ("postgresql://u:hunter2@db:0/d", "a port from 1"), ("postgresql://u:hunter2@db:65536/d", "a port from 1"),
            ("postgresql://u:hunter2@db:x/d", "a port from 1"), ("postgresql://u:hunter2@db,db2:x/d", "a port from 1"),
            ("postgresql://u:hunter2@::1/d", "IPv6 in brackets"), ("postgresql://u:hunter2@[::1/d", "in brackets"),
            ("postgresql://u:hunter2@[::1]5432/d", "in brackets"),
            ("postgresql://db/d?password", "number 1 after"), ("postgresql://db/d?a=b&hunter2=c=d", "number 2 after"),
            ("postgresql://db/d?=hunter2", "number 1 after"), ("postgresql://db/d?a=b&", "number 2 after"),
        ])
    func refused(text: String, reason: String) throws {
        let refusal = #expect(throws: SettingsError.self) {
            _ = try loadSettings("JULES_API_KEY=k\n", environment: ["STORE": text])
        }
        let problem = try #require(refusal?.problems.first)
        #expect(problem.key == "STORE" && problem.place == .environment)
        #expect(problem.reason.contains(reason), "\(problem)")
        #expect(problem.accepted?.hasPrefix("postgresql://") == true)
        #expect(!"\(problem)".contains("hunter2") && !"\(problem)".contains("ter2@"))
    }

    @Test("STORE is read from a credential and from the file that STORE_FILE names, and an empty one counts as not set")
    func places() throws {
        let uri = "postgresql://db/d"
        let key = "JULES_API_KEY=k\n"
        #expect(try loadSettings(key, files: ["/c/store": uri]).store?.secret.reveal() == uri)
        #expect(
            try loadSettings(key + "STORE_FILE=/store", files: ["/store": uri + "\n"]).store?.secret.reveal() == uri)
        #expect(try loadSettings(key + "STORE=").store == nil)
    }

    @Test("Without INSTANCE the name is the host's name and the number of the process")
    func instance() throws {
        let name = try loadSettings("JULES_API_KEY=k").instance
        #expect(name.wholeMatch(of: /[A-Za-z0-9._:-]+:[0-9]+/) != nil, "\(name)")
        #expect(InstanceName.isName(name))
    }
}
