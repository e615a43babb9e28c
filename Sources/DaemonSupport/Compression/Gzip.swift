// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// The gzip format (RFC 1952).
public enum Gzip {
    /// A higher zlib level makes JSON little smaller and takes much more time.
    private static let level: CInt = 4

    /// `bytes` compressed. Equal input gives equal output. `nil` if memory is short or zlib cannot take so many bytes.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let length = UInt32(exactly: bytes.count) else { return nil }
        var stream = z_stream()
        guard deflate_init_gzip(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        // The output has room for any result, so one call is enough (deflateBound in zlib.h).
        guard let room = UInt32(exactly: deflateBound(&stream, UInt(bytes.count))) else { return nil }
        var isDone = false
        let compressed = bytes.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: Int(room)) { output, count in
                // zlib does not change its input, although its declaration lacks const.
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
