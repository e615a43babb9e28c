// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// Does one operation so many times, for a program that counts instructions: `julesd-icount OPERATION COUNT FOLDER API`.
///
/// What is prepared is the same whatever the count, so that the difference between two runs is what the operations took.
@main
struct Main {
    // Not `async`: libdispatch would end the main thread, and callgrind with it.
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let operation = Operation.all[arguments[1]], let count = Int(arguments[2]) else {
            print("usage: julesd-icount OPERATION COUNT FOLDER API\noperations: \(Operation.all.keys.sorted())")
            exit(64)
        }
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            do { try await operation.run(count, Bench(folder: arguments[3], api: arguments[4])) } catch {
                print("\(arguments[1]): \(error)")
                exit(1)
            }
            done.signal()
        }
        done.wait()
        // Whatever still runs beside this would be counted too.
        _exit(0)
    }
}
