// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// A fresh token of 256 random bits, as 64 hexadecimal digits: fit for headers, URLs and WebSocket subprotocols alike.
public func randomToken() -> String {
    let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
        // A predictable token is worse than none, so there is nothing to fall back to.
        precondition(RAND_bytes(buffer.baseAddress, 32) == 1, "the kernel's random generator gave nothing")
        count = 32
    }
    return hexadecimal(bytes)
}
