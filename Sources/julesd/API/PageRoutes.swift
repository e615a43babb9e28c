// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The control room: the page and the files that it loads, from memory.
struct PageRoutes: Sendable {
    private let page: PageAsset
    private let files: [String: PageAsset]

    init(_ assets: [PageAsset] = PageAsset.all) {
        precondition(!assets.isEmpty, "the page is built in")
        page = assets[0]
        files = Dictionary(uniqueKeysWithValues: assets.dropFirst().map { ($0.name, $0) })
    }

    var routes: [Route] {
        [
            Route(.GET, "/") { Self.answer($0.request, page) },
            Route(.GET, "/page/{file}") { request in
                guard let file = files[request.parameters["file"] ?? ""] else { throw Problem.notFound("such file") }
                return Self.answer(request.request, file)
            },
        ]
    }

    private static func answer(_ request: HTTPRequest, _ asset: PageAsset) -> HTTPResponse {
        var headers = HTTPHeaders(PagePolicy.fields.map { ($0.name, $0.value) })
        headers.add(name: "etag", value: asset.entityTag)
        let known = request.headers[canonicalForm: "if-none-match"]
        if known.contains(where: { $0 == "*" || $0 == asset.entityTag || $0 == "W/\(asset.entityTag)" }) {
            return HTTPResponse(status: .notModified, headers: headers)
        }
        headers.add(name: "content-type", value: asset.contentType)
        return HTTPResponse(status: .ok, headers: headers, body: .bytes(asset.bytes))
    }
}
