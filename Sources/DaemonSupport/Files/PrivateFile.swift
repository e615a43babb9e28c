// SPDX-License-Identifier: Apache-2.0

/// Small files that only their owner can read.
public enum PrivateFile {
    /// Replaces the file at `path` by one with mode 0600. Readers see the old or the new contents, never a part. If
    /// root runs the process, the file belongs to the owner of its folder.
    ///
    /// - Throws: `SystemError`; the file then still has its old contents.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let draft = try DraftFile(for: path)
        try draft.write(bytes)
        try draft.giveToOwner(of: FileSystem.folder(of: path))
        try draft.takeName(replacing: true)
    }
}
