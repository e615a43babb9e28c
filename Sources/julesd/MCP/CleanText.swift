// SPDX-License-Identifier: Apache-2.0

/// Text of others that can be shown: without invisible characters, and not longer than allowed.
///
/// Lengths count Unicode scalars, because one visible character can have thousands of them.
struct CleanText: Sendable, Equatable {
    let text: String
    /// Whether something was left out at the end.
    let isCut: Bool

    /// - Parameter lines: whether line ends and tabs stay; otherwise only the first line does.
    init(_ original: String, limit: Int, lines: Bool = true) {
        var scalars = String.UnicodeScalarView()
        var count = 0
        var isCut = false
        for scalar in original.unicodeScalars {
            if scalar == "\n" || scalar == "\r" || scalar == "\t" {
                if !lines {
                    if scalar == "\t" { scalars.append(" ") } else if count == 0 { continue } else { break }
                    count += 1
                    continue
                }
                if scalar == "\r" { continue }
            } else if Self.isHidden(scalar) {
                continue
            }
            guard count < limit else {
                isCut = true
                break
            }
            scalars.append(scalar)
            count += 1
        }
        text = String(scalars)
        self.isCut = isCut
    }

    /// Whether a scalar is a control character, changes the direction of text, or is an invisible tag.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00..<0x20, 0x7F..<0xA0, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xE0000...0xE0FFF:
            true
        default: false
        }
    }
}
