// SPDX-License-Identifier: Apache-2.0

import Glibc

/// With whose rights root works on files.
///
/// A folder of another user may hold links that lead anywhere. Whoever works there with that user's rights gets no further through
/// them than that user could.
public enum FileRights {
    /// Calls `body` with the rights of whoever owns `folder`, if root runs the process; any other user keeps its own.
    ///
    /// They are the rights of the whole process, so nothing else may run meanwhile.
    ///
    /// - Throws: `SystemError` if the owner cannot be known or reach the folder, and what `body` throws.
    public static func ofOwner<Value>(of folder: String, _ body: () throws -> Value) throws -> Value {
        guard let owner = try foreignOwner(of: folder) else { return try body() }
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        guard getgroups(Int32(groups.count), &groups) >= 0 else { throw SystemError("getgroups") }
        defer {
            // Nothing may go on as somebody who it is not meant to be.
            guard seteuid(0) == 0, setegid(getgid()) == 0, setgroups(groups.count, groups) == 0 else {
                fatalError("\(SystemError("root's rights do not come back"))")
            }
        }
        try assume(owner, folder)
        return try body()
    }

    /// Takes the rights of whoever owns `folder` for good, if root runs the process and there is such a folder.
    ///
    /// - Throws: `SystemError` if the owner cannot reach the folder.
    public static func becomeOwner(of folder: String) throws(SystemError) {
        guard let owner = try? foreignOwner(of: folder) else { return }
        try assume(owner, folder)
    }

    private static func foreignOwner(of folder: String) throws(SystemError) -> (uid: uid_t, gid: gid_t)? {
        guard geteuid() == 0 else { return nil }
        var info = stat()
        guard stat(folder, &info) == 0 else { throw SystemError("stat \(folder)") }
        return info.st_uid == 0 ? nil : (info.st_uid, info.st_gid)
    }

    private static func assume(_ owner: (uid: uid_t, gid: gid_t), _ folder: String) throws(SystemError) {
        guard setgroups(1, [owner.gid]) == 0, setegid(owner.gid) == 0, seteuid(owner.uid) == 0 else {
            throw SystemError("take the rights of user \(owner.uid)")
        }
        guard faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) == 0 else {
            throw SystemError("enter \(folder) as its owner, user \(owner.uid)")
        }
    }
}
