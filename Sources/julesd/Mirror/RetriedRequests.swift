// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Synchronization

/// Distinguishes a tool's retry from a second request with the same text, because the Jules API has no idempotency key.
///
/// If the client got its answer, the same request again is a new one. So is one that comes while the first client still
/// waits. If the client disconnected or was answered a 5xx, the same request within ten minutes is its retry, also after a
/// restart if the store is on disk.
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
        if places.withLock({ $0.isHeld(name) }) { try await Task.sleep(for: Self.leavingTime) }
        let place = places.withLock { $0.take(name) }
        let release: @Sendable () -> Void = { [self] in places.withLock { $0.release(name, place) } }
        asker.presence.whenLeft(release)
        defer { release() }
        let key = IdempotencyKey(
            text: "v1alpha \(name) \(place.number)", target: target, digest: digest, lifetime: Self.memory)
        let answer = try await request(key)
        if !asker.presence.hasLeft { await keyed.forget(key) }
        return answer
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
    mutating func take(_ name: String) -> Place {
        holders += 1
        let taken = Set(held[name, default: []].map(\.number))
        let place = Place(number: (0...taken.count).first { !taken.contains($0) } ?? taken.count, holder: holders)
        held[name, default: []].append(place)
        return place
    }

    /// Gives a number back. A second call has no effect.
    mutating func release(_ name: String, _ place: Place) {
        held[name]?.removeAll { $0 == place }
        if held[name]?.isEmpty == true { held[name] = nil }
    }
}
