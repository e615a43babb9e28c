// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// The gzip format (RFC 1952).
public enum Gzip {
    /// Of zlib's levels, the one beyond which JSON becomes little smaller for much more time.
    private static let level: CInt = 4

    /// `bytes` compressed: the same for the same input; `nil` where there is no memory for it, or `bytes` are too many for zlib.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let length = UInt32(exactly: bytes.count) else { return nil }
        var stream = z_stream()
        guard deflate_init_gzip(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        // With this much room one call does it all (deflateBound in zlib.h).
        guard let room = UInt32(exactly: deflateBound(&stream, UInt(bytes.count))) else { return nil }
        var isDone = false
        let compressed = bytes.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: Int(room)) { output, count in
                // zlib does not write to its input; its declaration is older than const.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = length
                stream.next_out = output.baseAddress
                stream.avail_out = room
                isDone = deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = Int(room - stream.avail_out)
            }
        }
        return isDone ? compressed : nil
    }
}
