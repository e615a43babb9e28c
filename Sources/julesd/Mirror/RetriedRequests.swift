// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Synchronization

/// Distinguishes a tool's retry from a second request with the same text, because the Jules API has no idempotency key.
///
/// If the client got its answer, the same request again is a new one. So is one that comes while the first client still
/// waits. If the client disconnected or was answered a 5xx, the same request within ten minutes is its retry, also after a
/// restart if the store is on disk, and at another instance that shares the store.
final class RetriedRequests: Sendable {
    /// How long a retry is recognised.
    static let memory = Duration.seconds(600)
    /// How long a request waits if an equal one is in progress. A tool that gives up closes its connection and sends the
    /// request again at once. The two connections are on different event loops, and the new request may be seen before the
    /// old one's end.
    static let leavingTime = Duration.milliseconds(250)

    private let keyed: KeyedRequests
    private let places = Mutex(RetryPlaces())

    init(keyed: KeyedRequests) { self.keyed = keyed }

    /// Runs `request` under a key that its retry has too.
    ///
    /// - Parameter target: the action and its object, such as `approve 42`.
    /// - Throws: what `request` throws, and `CancellationError`.
    func run(
        _ target: String, _ body: [UInt8], _ asker: Mirror.Asker,
        _ request: (IdempotencyKey) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        let digest = sha256(Array(target.utf8) + [0] + asker.token + body)
        let name = hexadecimal(digest)
        let place = try await place(name)
        let release: @Sendable () -> Void = { [self] in self.release(name, place) }
        asker.presence.whenLeft(release)
        defer { release() }
        let key = IdempotencyKey(
            text: "v1alpha \(name) \(place.number)", target: target, digest: digest, lifetime: Self.memory)
        let answer = try await request(key)
        if !asker.presence.hasLeft { await keyed.forget(key) }
        return answer
    }

    /// Takes the first place that no other request of this name holds, at any instance.
    private func place(_ name: String) async throws -> RetryPlaces.Place {
        if places.withLock({ $0.isHeld(name) }) { try await Task.sleep(for: Self.leavingTime) }
        var others: Set<Int> = []
        while true {
            let place = places.withLock { $0.take(name, except: others) }
            guard let claims = keyed.claims else { return place }
            do {
                if try await claims.claim(Self.claim(name, place), within: Self.leavingTime) { return place }
            } catch {
                places.withLock { _ = $0.release(name, place) }
                throw error
            }
            places.withLock { _ = $0.release(name, place) }
            others.insert(place.number)
        }
    }

    private func release(_ name: String, _ place: RetryPlaces.Place) {
        guard places.withLock({ $0.release(name, place) }), let claims = keyed.claims else { return }
        Task { await claims.release(Self.claim(name, place)) }
    }

    /// What the instances claim for a place. No client's key contains a tab.
    private static func claim(_ name: String, _ place: RetryPlaces.Place) -> String {
        "v1alpha\t\(name) \(place.number)"
    }
}

/// Numbers the requests of one text that are in progress at the same time. Makes no calls.
struct RetryPlaces {
    /// One request's number, with the holder that distinguishes it from a later request of the same number.
    struct Place: Equatable, Sendable {
        let number: Int
        fileprivate let holder: Int
    }

    private var held: [String: [Place]] = [:]
    private var holders = 0

    /// Whether a request of this name is in progress.
    func isHeld(_ name: String) -> Bool { held[name] != nil }

    /// The lowest number that no other request of this name holds.
    ///
    /// - Parameter others: the numbers that other instances hold.
    mutating func take(_ name: String, except others: Set<Int> = []) -> Place {
        holders += 1
        let taken = others.union(held[name, default: []].map(\.number))
        let place = Place(number: (0...taken.count).first { !taken.contains($0) } ?? taken.count, holder: holders)
        held[name, default: []].append(place)
        return place
    }

    /// Gives a number back. A second call has no effect. Returns whether it was held.
    @discardableResult
    mutating func release(_ name: String, _ place: Place) -> Bool {
        guard let index = held[name]?.firstIndex(of: place) else { return false }
        held[name]?.remove(at: index)
        if held[name]?.isEmpty == true { held[name] = nil }
        return true
    }
}
