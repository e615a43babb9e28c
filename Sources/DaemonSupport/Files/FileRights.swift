// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The rights with which root works on files.
///
/// Another user's folder may contain links to any place. If root works there with that user's rights, such a link leads
/// no further than the user could go.
public enum FileRights {
    /// Calls `body` with the rights of the owner of `folder` if the process runs as root. Otherwise it calls `body`
    /// with the present rights.
    ///
    /// The rights change for the whole process, so no other thread may work meanwhile.
    ///
    /// - Throws: `SystemError` if the owner is unknown or cannot enter the folder; also what `body` throws.
    public static func ofOwner<Value>(of folder: String, _ body: () throws -> Value) throws -> Value {
        guard let owner = try foreignOwner(of: folder) else { return try body() }
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        guard getgroups(Int32(groups.count), &groups) >= 0 else { throw SystemError("getgroups") }
        defer {
            // The process must not go on with the wrong user's rights.
            guard seteuid(0) == 0, setegid(getgid()) == 0, setgroups(groups.count, groups) == 0 else {
                fatalError("\(SystemError("root's rights do not come back"))")
            }
        }
        try assume(owner, folder)
        return try body()
    }

    /// Takes the rights of the owner of `folder` for the rest of the process's life. Does nothing if the process does
    /// not run as root or there is no such folder.
    ///
    /// - Throws: `SystemError` if the owner cannot enter the folder.
    public static func becomeOwner(of folder: String) throws(SystemError) {
        guard let owner = try? foreignOwner(of: folder) else { return }
        try assume(owner, folder)
        // Root's home, where libpq looks for certificates, is closed to the owner. Without HOME it uses the owner's.
        unsetenv("HOME")
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
