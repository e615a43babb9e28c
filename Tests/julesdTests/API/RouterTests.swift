// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@testable import julesd

@Suite("The router", .timeLimit(.minutes(2)))
struct RouterTests {
    private let router: Router = {
        let routes: [(HTTPMethod, String, Bool)] = [
            // A template with a verb goes before the one without: of two with as many variable parts the first one counts.
            (.POST, "/s/{id}:stop", false), (.GET, "/s/{id}", false), (.DELETE, "/s/{id}", false),
            (.POST, "/s/bulk", false), (.GET, "/s", false), (.GET, "/s/{id}/parts/{part}", false),
            (.GET, "/files/{file}", true),
        ]
        return Router(
            routes.map { method, template, takesRest in
                Route(method, template, takesRest: takesRest) { _ in HTTPResponse(status: .ok) }
            })
    }()

    struct Found: Sendable, CustomTestStringConvertible {
        let method: HTTPMethod
        let path: String
        let template: String
        let parameters: [String: String]
        var testDescription: String { "\(method) \(path)" }

        init(_ method: HTTPMethod, _ path: String, _ template: String, _ parameters: [String: String] = [:]) {
            (self.method, self.path, self.template, self.parameters) = (method, path, template, parameters)
        }
    }

    @Test(
        "The router finds the route of a path and reads its parameters",
        arguments: [
            Found(.GET, "/s", "/s"),
            // RFC 9110 §9.3.2: HEAD is GET without the content.
            Found(.HEAD, "/s", "/s"),
            Found(.GET, "/s/1", "/s/{id}", ["id": "1"]),
            Found(.DELETE, "/s/1", "/s/{id}", ["id": "1"]),
            // A literal path goes before a path with a variable part.
            Found(.POST, "/s/bulk", "/s/bulk"),
            Found(.POST, "/s/1:stop", "/s/{id}:stop", ["id": "1"]),
            Found(.GET, "/s/1/parts/2", "/s/{id}/parts/{part}", ["id": "1", "part": "2"]),
            // A segment is decoded after the split at slashes.
            Found(.GET, "/s/a%2Fb", "/s/{id}", ["id": "a/b"]),
            Found(.GET, "/s/%C3%A9", "/s/{id}", ["id": "é"]),
            Found(.GET, "/files/a", "/files/{file}", ["file": "a"]),
            Found(.GET, "/files/a/b/c", "/files/{file}", ["file": "a"]),
        ])
    func found(row: Found) {
        guard case .found(let route, let parameters) = router.match(row.method, row.path) else {
            Issue.record("no route")
            return
        }
        #expect(route.template == row.template)
        #expect(parameters == row.parameters)
    }

    @Test(
        "If the method is wrong, the router names those that the path takes",
        arguments: [
            (.POST, "/s/1", "/s/{id}", [.GET, .DELETE]), (.GET, "/s/bulk", "/s/bulk", [.POST]),
            (.HEAD, "/s/bulk", "/s/bulk", [.POST]), (.GET, "/s/1:stop", "/s/{id}:stop", [.POST]),
            (.PUT, "/s", "/s", [.GET]),
        ] as [(HTTPMethod, String, String, [HTTPMethod])])
    func wrongMethod(method: HTTPMethod, path: String, template: String, allowed: [HTTPMethod]) {
        guard case .wrongMethod(let found, let methods) = router.match(method, path) else {
            Issue.record("a route was found, or none")
            return
        }
        #expect(found == template)
        #expect(methods == allowed)
    }

    @Test(
        "The router finds nothing for a path without a route",
        arguments: [
            "/t", "/", "", "s", "s/1", "/S", "/s/", "/s//parts/2", "/s/1/parts", "/s/%FF", "/s/1/2", "//s", "/files",
        ])
    func none(path: String) {
        guard case .none = router.match(.GET, path) else {
            Issue.record("a route was found")
            return
        }
    }
}
