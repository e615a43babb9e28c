// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1
import Testing

@testable import julesd

@Suite("The router")
struct RouterTests {
    private let router = Router(
        [(.GET, "/s/{id}"), (.DELETE, "/s/{id}"), (.POST, "/s/bulk"), (.GET, "/s")].map { method, template in
            Route(method, template) { _ in HTTPResponse(status: .ok) }
        })

    @Test("A literal path goes before a path with a variable part")
    func literalFirst() {
        #expect(found(.POST, "/s/bulk") == "/s/bulk")
        #expect(allowed(.GET, "/s/bulk") == [.POST])
        #expect(found(.GET, "/s/1") == "/s/{id}")
        #expect(allowed(.POST, "/s/1") == [.GET, .DELETE])
        #expect(found(.HEAD, "/s") == "/s")
        #expect(found(.GET, "/t") == nil && allowed(.GET, "/t") == nil)
    }

    private func found(_ method: HTTPMethod, _ path: String) -> String? {
        guard case .found(let route, _) = router.match(method, path) else { return nil }
        return route.template
    }

    private func allowed(_ method: HTTPMethod, _ path: String) -> [HTTPMethod]? {
        guard case .wrongMethod(_, let allowed) = router.match(method, path) else { return nil }
        return allowed
    }
}
