// SPDX-License-Identifier: Apache-2.0

/// Unified diffs as `git diff` prints them.
enum Diff {
    /// A change of one hunk, given as its lines with their marks (space, minus, plus).
    static func changed(_ path: String, hunk: String, line: Int, from: String, to: String) -> String {
        let lines = hunk.split(separator: "\n", omittingEmptySubsequences: false)
        let old = lines.count { !$0.hasPrefix("+") }
        let new = lines.count { !$0.hasPrefix("-") }
        return """
            diff --git a/\(path) b/\(path)
            index \(from)..\(to) 100644
            --- a/\(path)
            +++ b/\(path)
            @@ -\(line),\(old) +\(line),\(new) @@
            \(hunk)

            """
    }

    /// A new file.
    static func added(_ path: String, text: String, as hash: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return """
            diff --git a/\(path) b/\(path)
            new file mode 100644
            index 0000000..\(hash)
            --- /dev/null
            +++ b/\(path)
            @@ -0,0 +1,\(lines.count) @@
            \(lines.map { "+" + $0 }.joined(separator: "\n"))

            """
    }
}
