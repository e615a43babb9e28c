// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Synchronization
import TestSupport

/// A Jules API in this process: an account in memory that a test can change, break and observe.
///
/// It implements the part of the API that these tests need, and shares no code with the simulator.
final class FakeJules: Sendable {
    static let key = "fake-key-0123456789"
    /// The key of another account, which is empty at the start.
    static let otherKey = "fake-key-of-another-account"

    /// The value for `JULES_API_BASE`.
    let base: String
    private let accounts: Accounts
    private let server: ScriptedServer

    private init(_ accounts: Accounts, _ server: ScriptedServer) {
        (self.accounts, self.server) = (accounts, server)
        base = server.url + "/v1alpha"
    }

    /// An account with one active session, `first`, so that the daemon polls at its shortest interval.
    static func start(_ setUp: (inout FakeAccount) -> Void = { _ in }) async throws -> FakeJules {
        let accounts = Accounts()
        accounts.state.withLock { state in
            state.account.add()
            setUp(&state.account)
        }
        let server = try await ScriptedServer(take: { request, reply in
            accounts.take(
                FakeCall(method: request.method.rawValue, target: request.target, body: request.text),
                key: request.headers.first(name: "x-goog-api-key")
            ) { reply($0.onTheWire) }
        })
        return FakeJules(accounts, server)
    }

    /// The oldest session.
    var first: FakeSession { account.sessions[account.sessions.count - 1] }

    var account: FakeAccount { accounts.state.withLock(\.account) }

    /// Changes the account in one step.
    @discardableResult
    func update<Value: Sendable>(_ body: (inout FakeAccount) -> Value) -> Value {
        accounts.state.withLock { body(&$0.account) }
    }

    /// Changes the account of `otherKey`.
    func updateOther(_ body: (inout FakeAccount) -> Void) { accounts.state.withLock { body(&$0.otherAccount) } }

    /// The number of requests of this kind so far.
    func count(_ operation: FakeCall.Operation) -> Int { accounts.state.withLock { $0.counts[operation, default: 0] } }

    /// Waits for a request that arrives after this call.
    @discardableResult
    func next(_ operation: FakeCall.Operation, skipping: Int = 0) async throws -> FakeCall {
        let known = count(operation) + skipping
        return try await accounts.calls.first("a request of \(operation)") {
            $0.operation == operation && $0.number > known
        }
    }

    /// Takes the first request of this kind that was not taken yet, even if it arrived earlier.
    func call(_ operation: FakeCall.Operation) async throws -> FakeCall {
        try await accounts.calls.first("a request of \(operation)") { $0.operation == operation }
    }

    /// Waits until the present account has been read. The first list may be under way already, so the second one is the
    /// first to count.
    ///
    /// Each of them may take long: if an answer cannot be stored, a poll lasts until other users of the store are done.
    func awaitPoll() async throws { for _ in 1...3 { try await next(.list) } }

    /// Holds requests of this kind back until `release`.
    func hold(_ operation: FakeCall.Operation) { accounts.state.withLock { $0.held[operation] = [] } }

    /// Answers the requests that wait, and all later ones.
    func release(_ operation: FakeCall.Operation) {
        for resume in accounts.state.withLock({ $0.held.removeValue(forKey: operation) }) ?? [] { resume() }
    }

    fileprivate final class Accounts: Sendable {
        struct State {
            var account = FakeAccount()
            var otherAccount = FakeAccount(after: 1000)

            mutating func answer(_ call: FakeCall, key: String?) -> FakeAnswer {
                switch key {
                case FakeJules.key: account.answer(call)
                case FakeJules.otherKey: otherAccount.answer(call)
                default: .unauthenticated
                }
            }

            var counts: [FakeCall.Operation: Int] = [:]
            var held: [FakeCall.Operation: [@Sendable () -> Void]] = [:]
        }

        let state = Mutex(State())
        let calls = Mailbox<FakeCall>()

        func take(_ call: FakeCall, key: String?, answer: @escaping @Sendable (FakeAnswer) -> Void) {
            var call = call
            let resume: @Sendable () -> Void = { [self, call] in
                answer(state.withLock { $0.answer(call, key: key) })
            }
            let isHeld = state.withLock { state in
                state.counts[call.operation, default: 0] += 1
                call.number = state.counts[call.operation, default: 0]
                guard state.held[call.operation] != nil else { return false }
                state.held[call.operation]?.append(resume)
                return true
            }
            calls.put(call)
            if !isHeld { resume() }
        }
    }
}

extension FakeAnswer {
    fileprivate var onTheWire: ScriptedServer.Answer {
        var headers: HTTPHeaders = ["content-type": "application/json; charset=UTF-8"]
        if let retryAfter { headers.add(name: "retry-after", value: "\(retryAfter)") }
        return .reply(status, headers: headers, body)
    }
}
