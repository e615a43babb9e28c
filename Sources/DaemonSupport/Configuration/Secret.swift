// SPDX-License-Identifier: Apache-2.0

/// A text that must stay secret: printing, interpolating or dumping it shows `[redacted]`, and it is not `Codable`.
public struct Secret: Sendable {
    private let text: String

    /// A secret with this text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the code that has to use it.
    public func reveal() -> String { text }
}

extension Secret: Equatable {
    /// Compares both texts in constant time.
    public static func == (left: Secret, right: Secret) -> Bool { ConstantTime.equal(left.text, right.text) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `[redacted]`.
    public var description: String { "[redacted]" }
    /// Always `[redacted]`.
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
