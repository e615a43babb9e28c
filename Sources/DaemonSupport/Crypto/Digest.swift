// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// The SHA-256 digest of `message` (FIPS 180-4), 32 bytes.
public func sha256(_ message: some Sequence<UInt8>) -> [UInt8] {
    let message = Array(message)
    return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
        // This function fails only if it has to allocate. The one-shot form does not allocate.
        _ = SHA256(message, message.count, digest.baseAddress)
        count = Int(SHA256_DIGEST_LENGTH)
    }
}

/// The HMAC-SHA-256 of `message` under `key` (RFC 2104), 32 bytes.
public func hmacSHA256(_ message: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
    let message = Array(message)
    return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { code, count in
        var length: UInt32 = 0
        let done = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, code.baseAddress, &length)
        precondition(done != nil, "libcrypto refused HMAC-SHA-256")
        count = Int(length)
    }
}

/// The bytes as lower-case hexadecimal digits.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The SHA-1 digest of `message` (FIPS 180-4), 20 bytes. Only for the WebSocket handshake, which requires SHA-1 and
/// does not rely on its strength.
func sha1(_ message: some Sequence<UInt8>) -> [UInt8] {
    let message = Array(message)
    return [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { digest, count in
        _ = SHA1(message, message.count, digest.baseAddress)
        count = Int(SHA_DIGEST_LENGTH)
    }
}
