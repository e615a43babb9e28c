// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import JulesAPI
import Synchronization

/// Tells a tool's second try from a second request of the same text, since the Jules API has no key for that.
///
/// What a client has been told is over: the same request again is another one, and so is one that comes while the first client still
/// waits. If the client went away or was answered a 5xx, the same request within ten minutes is its second try, also after a restart
/// with a store that lasts.
final class RetriedRequests: Sendable {
    /// How long a second try is recognised.
    static let memory = Duration.seconds(600)
    /// How long a request waits if an equal one is under way. A tool that gives up closes its connection and asks anew at once; the two
    /// reach different event loops, and the new request may be seen before the end of the old one.
    static let leavingTime = Duration.milliseconds(250)

    private let keyed: KeyedRequests
    private let places = Mutex(RetryPlaces())

    init(keyed: KeyedRequests) { self.keyed = keyed }

    /// Runs `request` under a key that a second try has too.
    ///
    /// - Parameter target: what the request does, and to what.
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

/// Numbers the requests of one text that are under way at the same time. Makes no calls.
struct RetryPlaces {
    /// One request's number, and what tells its holder from a later one.
    struct Place: Equatable, Sendable {
        let number: Int
        fileprivate let holder: Int
    }

    private var held: [String: [Place]] = [:]
    private var holders = 0

    /// Whether a request of this name is under way.
    func isHeld(_ name: String) -> Bool { held[name] != nil }

    /// The lowest number that no other request of this name holds.
    mutating func take(_ name: String) -> Place {
        holders += 1
        let taken = Set(held[name, default: []].map(\.number))
        let place = Place(number: (0...taken.count).first { !taken.contains($0) } ?? taken.count, holder: holders)
        held[name, default: []].append(place)
        return place
    }

    /// Gives a number back. Once is enough; again does no harm.
    mutating func release(_ name: String, _ place: Place) {
        held[name]?.removeAll { $0 == place }
        if held[name]?.isEmpty == true { held[name] = nil }
    }
}
