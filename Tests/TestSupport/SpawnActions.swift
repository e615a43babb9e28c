// SPDX-License-Identifier: Apache-2.0

public import Glibc

/// Makes a child process close all descriptors from `first` on before it starts its program.
///
/// NIO's sockets stay open over exec. If a child kept one, its peer would not see that this process has closed it.
public func closeDescriptors(from first: Int32, in actions: inout posix_spawn_file_actions_t) {
    typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    // In glibc since 2.34. Its header declares it only with _GNU_SOURCE, which Swift does not define.
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
        fatalError("this glibc cannot close the descriptors of a child")
    }
    let code = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, first)
    precondition(code == 0, "posix_spawn_file_actions_addclosefrom_np: error \(code)")
}
