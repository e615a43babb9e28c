// SPDX-License-Identifier: Apache-2.0

/// Colours with ANSI escape sequences (ECMA-48 8.3.117). If it is off, texts do not change.
struct Style: Sendable {
    var isOn: Bool

    enum Look: Int, Sendable {
        case bold = 1
        case faint = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    func callAsFunction(_ look: Look?, _ text: String) -> String {
        guard isOn, let look, !text.isEmpty else { return text }
        return "\u{1B}[\(look.rawValue)m\(text)\u{1B}[0m"
    }
}

extension Style.Look {
    /// The colour of a session's state: yellow waits for a person, green has completed, red has failed, cyan is active.
    init?(state: String) {
        switch state {
        case "AWAITING_PLAN_APPROVAL", "AWAITING_USER_FEEDBACK": self = .yellow
        case "COMPLETED": self = .green
        case "FAILED": self = .red
        case "IN_PROGRESS", "PLANNING", "QUEUED": self = .cyan
        default: return nil
        }
    }
}
