// SPDX-License-Identifier: Apache-2.0

internal import CCurl
@preconcurrency internal import Dispatch
internal import Glibc
internal import Synchronization

/// Initializes libcurl once in the process, and ends its use before the process ends.
///
/// exit(3) lets OpenSSL free its data (OPENSSL_cleanup(3)) while other threads still run, and a transfer thread that
/// uses the freed data crashes. So the exit first stops all loops, and waits up to one second for them.
enum LibcurlLifetime {
    private static let loops = Mutex<[ObjectIdentifier: TransferLoop]>([:])
    private static let loopHasEnded = DispatchSemaphore(value: 0)

    /// Whether libcurl is usable (curl_global_init(3)).
    static let isReady: Bool = {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else { return false }
        // Exit handlers run in reverse order (atexit(3)). OpenSSL registered its handler in the call above, so this one
        // runs first.
        return atexit { LibcurlLifetime.stopAll() } == 0
    }()

    /// Registers a loop before it runs. Initializes libcurl for the first one.
    static func begin(_ loop: TransferLoop) {
        _ = isReady
        loops.withLock { $0[ObjectIdentifier(loop)] = loop }
    }

    /// Called when the loop no longer uses libcurl.
    static func end(_ loop: TransferLoop) {
        _ = loops.withLock { $0.removeValue(forKey: ObjectIdentifier(loop)) }
        loopHasEnded.signal()
    }

    private static func stopAll() {
        let deadline = DispatchTime.now() + .seconds(1)
        for loop in loops.withLock({ Array($0.values) }) { loop.stop() }
        while loops.withLock({ !$0.isEmpty }), loopHasEnded.wait(timeout: deadline) == .success {}
    }
}
