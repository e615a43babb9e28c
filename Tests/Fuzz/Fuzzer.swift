// SPDX-License-Identifier: Apache-2.0

/// A parser under test: whatever the bytes, it must not trap, and what it promises must hold.
struct Fuzzer: Sendable {
    let name: String
    let check: @Sendable ([UInt8]) -> Void

    init(_ name: String, _ check: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.check = check
    }

    /// A fuzzer of what takes text.
    init(_ name: String, text check: @escaping @Sendable (String) -> Void) {
        self.init(name) { bytes in
            if let text = String(validating: bytes, as: UTF8.self) { check(text) }
        }
    }

    static let all: [Fuzzer] = [
        .settingsFile, .settings, .json, .jsonList, .network, .forwarded, .query, .headers, .webSocket, .timestamp,
        .retryAfter, .errorReply, .webURL, .duration, .rpc,
    ]
}

/// Ends the process with what has been broken, unless it holds; libFuzzer then keeps the input.
func promise(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    if !holds { fatalError("broken: \(sentence())") }
}
