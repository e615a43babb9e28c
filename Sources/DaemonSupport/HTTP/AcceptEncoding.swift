// SPDX-License-Identifier: Apache-2.0

/// The content codings that a client accepts (RFC 9110 §12.5.3).
struct AcceptEncoding {
    private let weights: [String: Double]

    /// - Parameter fields: the values of all `Accept-Encoding` fields; empty if the request has none.
    init(_ fields: [String]) {
        var weights: [String: Double] = [:]
        for element in listElements(of: fields) {
            let parts = element.split(separator: ";").map { $0.withoutBlanks.lowercased() }
            guard let coding = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
            weights[coding == "x-gzip" ? "gzip" : coding] = weight ?? 1
        }
        self.weights = weights
    }

    /// Whether the client accepts gzip and does not prefer the plain body.
    var prefersGzip: Bool {
        guard let gzip = weights["gzip"] ?? weights["*"], gzip > 0 else { return false }
        return gzip >= weights["identity"] ?? 0
    }
}
