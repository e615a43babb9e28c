// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Mirror {
    /// A page of sources in the API's order. It continues after the last source of the previous page.
    func listSources(_ request: APIRequest, fresh: Bool) async throws -> [UInt8] {
        let paging = try request.paging(standard: 30)
        let filter = try request.filter.map { text throws(APIError) in try SourceFilter(text) }
        var token: SourcePageToken?
        if let text = paging.token {
            token = SourcePageToken(text)
            if token == nil { throw Paging.invalidToken }
        }
        var sources = try await actions.sources(age: fresh ? .zero : SessionActions.sourcesAge)
        if let filter { sources.removeAll { !filter.names.contains($0.name) } }
        let start = token.map { token in
            (sources.firstIndex { $0.name == token.last } ?? token.index) + 1
        }
        let page = sources.dropFirst(start ?? 0).prefix(paging.size)
        let next = page.last.flatMap { last in
            page.endIndex < sources.endIndex ? SourcePageToken(index: page.endIndex - 1, last: last.name) : nil
        }
        return [UInt8](page: page.map(\.body), of: "sources", nextPageToken: next?.text)
    }

    func getSource(_ name: String, fresh: Bool) async throws -> [UInt8] {
        guard ResourceID.isSource(name) else { throw APIError.notFound }
        if !fresh,
            let source = try await actions.sources(age: SessionActions.sourcesAge).first(where: { $0.name == name })
        {
            return source.body
        }
        guard let body = try await reads.source(name) else { throw APIError.notFound }
        return body
    }
}

/// The beginning of a page of sources: after the source `last`, or after `index` in the list if that source no longer exists.
struct SourcePageToken: Equatable {
    let index: Int
    let last: String

    init(index: Int, last: String) {
        self.index = index
        self.last = last
    }

    init?(_ text: String) {
        let parts = PageTokenText.plain(text)?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, let index = Int(parts[0]), (0..<Int(Int32.max)).contains(index) else { return nil }
        self.init(index: index, last: String(parts[1]))
    }

    var text: String { PageTokenText.coded("\(index) \(last)") }
}
