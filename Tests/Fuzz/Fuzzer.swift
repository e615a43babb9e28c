// SPDX-License-Identifier: Apache-2.0

/// A fuzzer for one parser. No input may make the parser trap, and all its promises must hold.
struct Fuzzer: Sendable {
    let name: String
    let check: @Sendable ([UInt8]) -> Void

    init(_ name: String, _ check: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.check = check
    }

    /// A fuzzer for a parser of text.
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

/// Ends the process with a message if the promise does not hold. libFuzzer then stores the input.
func promise(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    if !holds { fatalError("broken: \(sentence())") }
}
