// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The description of the API: for programs in OpenAPI 3.1, and for people at `/docs`.
struct DescriptionRoutes: Sendable {
    private let files = Dictionary(uniqueKeysWithValues: PageAsset.description.map { ($0.name, $0) })

    var routes: [Route] {
        [
            Route(.GET, "/openapi.json") { _ in try answer("openapi.json") },
            Route(.GET, "/docs") { _ in try answer("docs.html") },
            Route(.GET, "/docs/{file}") { try answer($0.parameters["file"] ?? "") },
        ]
    }

    private func answer(_ name: String) throws(RequestError) -> HTTPResponse {
        guard let file = files[name] else { throw RequestError.notFound("such file") }
        return file.answer
    }
}
