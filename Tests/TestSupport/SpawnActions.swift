// SPDX-License-Identifier: Apache-2.0

public import Glibc

/// Makes a child close every descriptor from `first` on before it starts its program.
///
/// NIO's sockets outlive exec: a child that kept one would hide from its peer that this process has closed it.
public func closeDescriptors(from first: Int32, in actions: inout posix_spawn_file_actions_t) {
    typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    // glibc has it since 2.34; its header shows it to _GNU_SOURCE alone, which Swift does not define.
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
        fatalError("this glibc cannot close the descriptors of a child")
    }
    let code = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, first)
    precondition(code == 0, "posix_spawn_file_actions_addclosefrom_np: error \(code)")
}
