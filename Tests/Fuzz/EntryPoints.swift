// SPDX-License-Identifier: Apache-2.0

import Glibc

// The functions that libFuzzer calls by name; libFuzzer has the `main` of the program
// (https://llvm.org/docs/LibFuzzer.html). The program is called as `julesd-fuzz NAME [libFuzzer's arguments]`. Without
// a name it lists the fuzzers.

/// Removes the fuzzer's name from the arguments.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
    guard chosen != nil else {
        for fuzzer in Fuzzer.all { print(fuzzer.name) }
        exit(CommandLine.arguments.count > 1 ? 64 : 0)
    }
    count.pointee -= 1
    for index in 1...Int(count.pointee) { arguments.pointee[index] = arguments.pointee[index + 1] }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

private let chosen = Fuzzer.all.first { [$0.name] == CommandLine.arguments.dropFirst().prefix(1) }
