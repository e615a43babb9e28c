// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@Suite("The control room's files", .timeLimit(.minutes(5)))
struct PageTests {
    @Test("The page and its files need no token, and have a strict policy and a strong entity tag")
    func served() async throws {
        try await withDaemon(Launch(try await FakeJules.start())) { daemon in
            let http = HTTPCaller(address: try await daemon.address(), token: nil)
            for (path, type) in [("/", "html"), ("/page/app.js", "javascript"), ("/page/style.css", "css")] {
                let answer = try await http.get(path)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "text/\(type); charset=utf-8")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                let tag = try #require(answer.headers["etag"])
                #expect(tag.hasPrefix("\""), "a strong one")
                let again = try await http.get(path, headers: ["If-None-Match": tag])
                #expect(again.status == 304)
                #expect(again.headers["etag"] == tag)
            }
            // Without these headers a module that another one imports would be requested only after that one has
            // arrived.
            let page = try await http.get("/")
            #expect(page.headers["link"]?.contains("</page/app.js>; rel=modulepreload") == true)
            #expect(page.headers["link"]?.contains("</page/dom.js>; rel=modulepreload") == true)
            #expect(try await http.get("/page/secret.js").status == 404)
        }
    }
}
