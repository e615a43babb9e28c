// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import NIOHTTP1

/// The control room: the page and the files that it loads, from memory.
struct PageRoutes: Sendable {
    private let page: PageAsset
    private let files: [String: PageAsset]
    /// Tells browsers to load all modules at once, not only when an import names them (RFC 8288, `rel=modulepreload` of
    /// HTML).
    private let modules: String

    init(_ assets: [PageAsset] = PageAsset.all) {
        precondition(!assets.isEmpty, "the page is built in")
        page = assets[0]
        files = Dictionary(uniqueKeysWithValues: assets.dropFirst().map { ($0.name, $0) })
        modules = files.keys.filter { $0.hasSuffix(".js") }.sorted().map { "</page/\($0)>; rel=modulepreload" }
            .joined(separator: ", ")
    }

    var routes: [Route] {
        [
            Route(.GET, "/") { [modules] _ in
                var answer = page.answer
                answer.headers.add(name: "link", value: modules)
                return answer
            },
            Route(.GET, "/page/{file}") { request in
                guard let file = files[request.parameters["file"] ?? ""] else {
                    throw RequestError.notFound("such file")
                }
                return file.answer
            },
        ]
    }
}

extension PageAsset {
    /// The file with its security policy.
    var answer: HTTPResponse {
        var headers = HTTPHeaders(PagePolicy.fields.map { ($0.name, $0.value) })
        headers.add(name: "content-type", value: contentType)
        return HTTPResponse(status: .ok, headers: headers, body: .shared(body)).tagged
    }
}
