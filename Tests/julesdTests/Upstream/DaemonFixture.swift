// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging
import NIOHTTP1
import Synchronization

@testable import julesd

/// The daemon without its sockets: a store, the client of the API, and the routes.
final class DaemonFixture: Sendable {
    let store: SessionStore
    let upstream: Upstream
    let queue: TaskQueue
    let repeatedReads = RepeatedReads()
    /// `nil` if it shares no store with others.
    let claims: StoredClaims?
    /// Each delta after its commit, for one reader at a time.
    let deltas: AsyncStream<SessionDelta>
    /// The changes of the API's health so far.
    var turns: [UpstreamHealth.Turn] { told.turns.withLock { $0 } }
    private let api: API
    private let told = Told()

    /// Times that let a test wait for things that otherwise take minutes.
    static let quick = UpstreamTimes(
        refusalPause: .milliseconds(200), ceiling: .milliseconds(200), walkInterval: .seconds(3600),
        retry: .milliseconds(20), userRetry: .milliseconds(1),
        searchPauses: [.zero, .milliseconds(50), .milliseconds(100)])

    /// - Parameters:
    ///   - database: the URI of a database that it shares with others; `nil` for a store of its own.
    ///   - silence: after how long without a sign of life the claims of another one are void.
    init(
        _ base: String, key: String? = "k", budget: Int = 100_000, timeout: Duration = .seconds(5),
        interval: Duration = .milliseconds(20), store: StoreLocation = .memory(),
        times: UpstreamTimes = DaemonFixture.quick,
        clocks: @escaping @Sendable () -> ClockReading = ClockReading.now, limits: TaskLimits = TaskLimits(),
        queueClock: QueueClock? = nil, touched: TouchedSessions = TouchedSessions(),
        sharing database: String? = nil, silence: Duration = .seconds(6)
    ) async throws {
        let store =
            if let database {
                SessionStore(try await PostgreSQLEngine.open(at: database, instance: "test"))
            } else if case .memory = store {
                try await TestStore.open(now: .now, clocks: clocks)
            } else {
                try await SessionStore(at: store, now: .now, clocks: clocks)
            }
        self.store = store
        let engine = store.engine as? PostgreSQLEngine
        claims = engine.map { StoredClaims(engine: $0, longestSilence: silence) }
        let (stream, continuation) = AsyncStream<SessionDelta>.makeStream()
        deltas = stream
        upstream = Upstream(
            client: Self.client(base, key: key, timeout: timeout), budget: budget, interval: interval, store: store,
            shared: engine.map(StoredBudget.init), claims: claims, times: times,
            followed: { [repeatedReads] in repeatedReads.followed },
            watched: { [repeatedReads] in repeatedReads.watched }, onNewActivities: { id, _ in touched.note([id]) },
            onTurn: { [told] turn in told.turns.withLock { $0.append(turn) } },
            alive: { _ in },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        queue = TaskQueue(
            store: store, upstream: upstream, limits: limits, clock: queueClock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        store.follow { [queue] set in
            for delta in set.deltas { continuation.yield(delta) }
            queue.noteChange()
            touched.note(set.deltas.map(\.sessionID))
        }
        let mirror = MirrorRoutes(
            mirror: Mirror(
                store: store, actions: upstream.actions, reads: upstream.reads, repeated: repeatedReads,
                retries: RetriedRequests(keyed: upstream.actions.keyed), follows: upstream.readFollowed),
            isOn: { true })
        api = API(
            routes: SessionRoutes(store: store, actions: upstream.actions, queue: queue).routes
                + QueueRoutes(queue: queue).routes + DecisionRoutes(store: store, cancelled: { _ in }).routes
                + mirror.routes,
            gate: RequestGate(
                settings: Settings(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await upstream.account.check()
    }

    static func client(_ base: String, key: String? = "k", timeout: Duration = .seconds(5)) -> JulesClient {
        JulesClient(http: HTTPClient(userAgent: "julesd-test/1"), base: base, key: key, timeout: timeout)
    }

    /// An answer to a user.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        var error: String? { json["error"]?.string }
        var id: String? { json["id"]?.string }
    }

    func send(
        _ method: HTTPMethod, _ target: String, _ body: String = "", headers: HTTPHeaders = [:],
        during: (HTTPRequest) -> Void = { _ in }
    ) async -> Answer {
        var headers = headers
        if !body.isEmpty { headers.add(name: "content-type", value: "application/json") }
        let request = HTTPRequest(
            method: method, target: target, headers: headers, body: Array(body.utf8),
            peer: .unix(PeerCredentials(uid: 0, gids: [])))
        during(request)
        let response = await api.answer(to: request).response
        return Answer(status: Int(response.status.code), headers: response.headers, body: response.bytes ?? [])
    }

    /// Polls while `body` runs.
    func polling<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let polling = Task { await upstream.run() }
        defer { polling.cancel() }
        return try await body()
    }

    /// The next delta for which `fits` is true. Earlier ones are skipped.
    func delta(_ fits: @Sendable (SessionDelta) -> Bool) async -> SessionDelta? {
        for await delta in deltas where fits(delta) { return delta }
        return nil
    }

    /// Reads the newest page of the account once, like the poller.
    func readList() async throws {
        let page = try await upstream.poller.list.page(for: .poll)
        _ = try await upstream.poller.recorder.record(page)
    }

    /// Makes every write to the store fail, as on a full disk, or work again.
    func failWrites(_ fail: Bool = true) async throws {
        try await store.writer.with { try $0.run("PRAGMA query_only = \(fail ? 1 : 0)") }
    }

    /// Waits until the store has the answer to a request with this key.
    func awaitAnswer(underKey key: String) async throws {
        let query = "SELECT 1 FROM keyed_request WHERE key = ? AND answer IS NOT NULL"
        while try await store.read({ try $0.first(query, [.text(key)]) { _ in true } }) == nil {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private final class Told: Sendable {
        let turns = Mutex<[UpstreamHealth.Turn]>([])
    }
}

/// Counts calls.
final class Counter: Sendable {
    private let count = Mutex(0)

    /// 1 at the first call, then one more each time.
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
