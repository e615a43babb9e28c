// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension JSON {
    /// The UTF-8 text in the style of Google's front ends: two spaces per level, escaped angle brackets, a line feed at
    /// the end.
    var prettyBytes: [UInt8] {
        var out: [UInt8] = []
        write(pretty: &out, indentation: 0)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private func write(pretty out: inout [UInt8], indentation: Int) {
        switch self {
        case .array(let elements) where !elements.isEmpty:
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                Self.breakLine(&out, first: index == 0, indentation + 1)
                element.write(pretty: &out, indentation: indentation + 1)
            }
            Self.breakLine(&out, first: true, indentation)
            out.append(UInt8(ascii: "]"))
        case .object(let object) where !object.members.isEmpty:
            out.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                Self.breakLine(&out, first: index == 0, indentation + 1)
                Self.writeEscaped(member.name, to: &out)
                out.append(contentsOf: ": ".utf8)
                member.value.write(pretty: &out, indentation: indentation + 1)
            }
            Self.breakLine(&out, first: true, indentation)
            out.append(UInt8(ascii: "}"))
        case .string(let text): Self.writeEscaped(text, to: &out)
        default: write(to: &out)
        }
    }

    private static func breakLine(_ out: inout [UInt8], first: Bool, _ indentation: Int) {
        if !first { out.append(UInt8(ascii: ",")) }
        out.append(UInt8(ascii: "\n"))
        for _ in 0..<indentation * 2 { out.append(UInt8(ascii: " ")) }
    }

    private static func writeEscaped(_ text: String, to out: inout [UInt8]) {
        let start = out.count
        JSON.write(text, to: &out)
        guard out[start...].contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }) else { return }
        let plain = Array(out[start...])
        out.removeSubrange(start...)
        for byte in plain {
            switch byte {
            case UInt8(ascii: "<"): out.append(contentsOf: #"\u003c"#.utf8)
            case UInt8(ascii: ">"): out.append(contentsOf: #"\u003e"#.utf8)
            default: out.append(byte)
            }
        }
    }
}
