// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOPosix
import Testing
import Wording

@testable import julesd

@Suite("The API's description", .timeLimit(.minutes(2)))
struct DescriptionTests {
    private let description: JSON

    init() throws {
        let file = try #require(PageAsset.description.first { $0.name == "openapi.json" })
        description = try JSON(parsing: file.body.array)
    }

    @Test("The description has every route, and no other")
    func routes() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = try await SessionStore(at: .memory(), now: .now)
        let upstream = Upstream(
            client: DaemonFixture.client("http://127.0.0.1:9"), budget: 1, interval: .seconds(1), store: store,
            onNewActivities: { _, _ in }, onTurn: { _ in }, alive: { _ in }, logger: logger)
        let table = RouteTable(
            store: store, instances: Instances(store, name: "test", logger: logger), upstream: upstream,
            feed: ChangeFeed(store: store, group: MultiThreadedEventLoopGroup.singleton),
            webhooks: Webhooks(store: store, settings: Settings(), onResult: { _, _ in }, logger: logger),
            queue: TaskQueue(store: store, upstream: upstream, limits: TaskLimits(), logger: logger),
            registry: Metrics().registry, startedAt: .now, repeatedReads: RepeatedReads())
        let described = members(description["paths"]).flatMap { path in
            members(path.value).filter { $0.name != "parameters" }.map { "\($0.name.uppercased()) \(path.name)" }
        }
        #expect(Set(described) == Set(table.routes.map { "\($0.method) \($0.template)" }))
        await store.close()
    }

    @Test("The description has the daemon's version")
    func version() {
        #expect(description["openapi"]?.string == "3.1.0")
        #expect(description["info"]?["version"]?.string == programVersion)
    }

    @Test("Every parameter, header, body, error and channel message has an example")
    func examples() {
        for (place, part) in every(description, "") {
            let fields = part.object.map { Set($0.members.map(\.name)) } ?? []
            let isParameter = fields.contains("in") && fields.contains("schema")
            let isHeader = place.hasPrefix("/components/headers/") && fields.contains("schema")
            let isContent = place.contains("/content/") && fields.contains("schema")
            guard isParameter || isHeader || isContent else { continue }
            #expect(fields.contains("example") || fields.contains("examples"), "\(place)")
        }
        for schema in members(description["components"]?["schemas"]) where schema.name.hasSuffix("Message") {
            guard schema.name != "FeedMessage", schema.name != "Message" else { continue }
            #expect(schema.value["examples"] != nil, "\(schema.name)")
        }
    }

    @Test("Every error code of an answer is in the description")
    func codes() throws {
        let named = description["components"]?["schemas"]?["Error"]?["properties"]?["error"]?["enum"]?.array ?? []
        let told = members(description["components"]?["responses"]).flatMap { response -> [String] in
            let content = response.value["content"]?["application/json"]
            let several = members(content?["examples"]).compactMap { $0.value["value"]?["error"]?.string }
            return several + [content?["example"]?["error"]?.string].compactMap(\.self)
        }
        #expect(Set(named.compactMap(\.string)) == Set(told))
    }

    private func members(_ json: JSON?) -> [JSONObject.Member] { json?.object?.members ?? [] }

    /// All values of a document with their JSON pointers. Examples are left out, because their members may have any
    /// name.
    private func every(_ json: JSON, _ place: String) -> [(String, JSON)] {
        let below = members(json).filter { $0.name != "example" && $0.name != "examples" && $0.name != "properties" }
            .flatMap { every($0.value, "\(place)/\($0.name)") }
        let elements = (json.array ?? []).enumerated().flatMap { every($0.element, "\(place)/\($0.offset)") }
        return [(place, json)] + below + elements
    }
}
