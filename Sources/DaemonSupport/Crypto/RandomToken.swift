// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// A new token of 256 random bits as 64 hexadecimal digits. It can be used in headers, URLs and WebSocket subprotocols.
public func randomToken() -> String {
    let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
        // There is no fallback: a predictable token would be worse than none.
        precondition(RAND_bytes(buffer.baseAddress, 32) == 1, "the kernel's random generator gave nothing")
        count = 32
    }
    return hexadecimal(bytes)
}
