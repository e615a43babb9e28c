// SPDX-License-Identifier: Apache-2.0

/// Small files that their owner alone may read.
public enum PrivateFile {
    /// Puts a file with mode 0600 in the place of `path`, at once and durably: whoever looks sees the old or the new contents,
    /// whole. Made by root, it belongs to the owner of its folder.
    ///
    /// - Throws: `SystemError`; the old contents are there still.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let draft = try DraftFile(for: path)
        try draft.write(bytes)
        try draft.giveToOwner(of: FileSystem.folder(of: path))
        try draft.takeName(replacing: true)
    }
}
