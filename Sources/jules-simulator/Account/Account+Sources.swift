// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI

extension Account {
    func listSources(_ request: APIRequest) throws(APIError) -> JSON {
        let paging = try request.paging(standard: 30)
        let filter: SourceFilter? =
            if let text = request["filter"], !text.isEmpty { try SourceFilter(text) } else { nil }
        let wanted = sources.filter { filter?.names.contains($0.name) ?? true }
        var start = 0
        if let token = paging.token {
            guard token.hasPrefix("CAo"), let index = Int(token.dropFirst(3), radix: 36), wanted.indices.contains(index)
            else { throw Paging.invalidToken }
            start = index
        }
        let page = wanted[start...].prefix(paging.size)
        guard !page.isEmpty else { return [:] }
        let told = JSON.array(page.map(\.json))
        guard page.endIndex < wanted.endIndex else { return ["sources": told] }
        return ["sources": told, "nextPageToken": .string("CAo" + String(page.endIndex, radix: 36))]
    }

    func getSource(_ name: String) throws(APIError) -> JSON {
        guard let source = sources.first(where: { $0.name == name }) else { throw .notFound }
        return source.json
    }
}
