// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Fuzzer {
    /// The syntax of a settings file.
    static let settingsFile = Fuzzer("settings-file") { bytes in
        let file = EnvironmentFile(bytes)
        let lines = 1 + bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        promise(
            file.assignments.allSatisfy { (1...lines).contains($0.line) }, "an assignment stands on a line of the file")
        promise(file.faults.allSatisfy { (1...lines).contains($0.line) }, "a fault stands on a line of the file")
        let starts = file.assignments.map(\.line)
        promise(starts == starts.sorted(), "assignments come in the file's order")
        let values = file.assignments.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        promise(values <= bytes.count, "reading makes nothing longer")

        // If the assignments are written with quotes, they read back the same.
        let text = file.assignments.map { "\($0.key)=\"\(quoted($0.value))\"\n" }.joined()
        let again = EnvironmentFile(Array(text.utf8))
        promise(again.faults.isEmpty, "a file in quotes has no faults: \(again.faults)")
        promise(again.assignments.map(\.key) == file.assignments.map(\.key), "keys survive in \(text)")
        promise(
            again.assignments.map(\.value.bytes) == file.assignments.map(\.value.bytes), "values survive in \(text)")

        // An empty line ends any assignment, so nothing before it can hide what follows.
        let longer = EnvironmentFile(bytes + Array("\n\nPROBE=seen\n".utf8))
        promise(
            longer.assignments.last.map { $0.key == "PROBE" && $0.value == "seen" } == true,
            "a fault hides what follows")
    }

    private static func quoted(_ value: String) -> String {
        value.unicodeScalars.map { "\"\\`$".unicodeScalars.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }
}

extension String {
    /// The bytes, for an exact comparison: `==` treats a composed é and a decomposed one as equal.
    var bytes: [UInt8] { Array(utf8) }
}
