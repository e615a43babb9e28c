// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// A body that many answers can share. It is hashed and compressed once, and sent without a copy.
public final class SharedBody: Sendable {
    private struct Derived {
        var tag: EntityTag?
        var gzip: ByteBuffer?
    }

    /// Longer bodies are hashed on a thread that may block.
    private static let largestDigested = 65_536

    /// The bytes as they are.
    let bytes: ByteBuffer
    private let derived = Mutex(Derived())

    /// A body of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = ByteBuffer(bytes: bytes) }

    /// A body of the bytes in `buffer`.
    init(_ buffer: ByteBuffer) { bytes = buffer }

    /// A copy of the bytes.
    public var array: [UInt8] { Array(bytes.readableBytesView) }

    /// How many bytes it has.
    public var length: Int { bytes.readableBytes }

    /// Whether ``tag(compressed:)`` and, for a compressed answer, ``gzip()`` are fast enough for an event loop.
    func isQuick(compressed: Bool) -> Bool {
        derived.withLock { derived in
            (derived.tag != nil || length <= Self.largestDigested)
                && (!compressed || derived.gzip != nil)
        }
    }

    /// The tag of the bytes, or of their compressed form.
    func tag(compressed: Bool) -> EntityTag {
        let tag = derived.withLock(\.tag) ?? EntityTag(of: bytes.readableBytesView)
        derived.withLock { $0.tag = tag }
        return compressed ? tag.coded("gzip") : tag
    }

    /// The compressed bytes; `nil` if they cannot be compressed.
    func gzip() -> ByteBuffer? {
        if let gzip = derived.withLock(\.gzip) { return gzip }
        let gzip = Gzip.compress(array).map(ByteBuffer.init(bytes:))
        derived.withLock { $0.gzip = gzip }
        return gzip
    }
}
