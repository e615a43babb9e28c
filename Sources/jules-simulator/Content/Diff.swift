// SPDX-License-Identifier: Apache-2.0

/// Unified diffs in the format of `git diff`.
enum Diff {
    /// A change with one hunk. `hunk` is its lines, each beginning with space, minus or plus.
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

    /// The diff of a new file.
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
