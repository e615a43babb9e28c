// SPDX-License-Identifier: Apache-2.0

internal import CCurl
@preconcurrency internal import Dispatch
internal import Glibc
internal import Synchronization

/// Sets libcurl up once in the process, and ends its use before the process ends.
///
/// exit(3) has OpenSSL free what it holds (OPENSSL_cleanup(3)) while other threads still run, and a transfer thread that meets this
/// crashes. So the end of the process first stops every loop and waits for them, a second at most.
enum LibcurlLifetime {
    private static let loops = Mutex<[ObjectIdentifier: TransferLoop]>([:])
    private static let loopHasEnded = DispatchSemaphore(value: 0)

    /// Whether libcurl can be used (curl_global_init(3)).
    static let isReady: Bool = {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else { return false }
        // Handlers run in the reverse of their order (atexit(3)): this one before OpenSSL's, which the line above registers.
        return atexit { LibcurlLifetime.stopAll() } == 0
    }()

    /// Counts a loop that is about to run; sets libcurl up for the first one.
    static func begin(_ loop: TransferLoop) {
        _ = isReady
        loops.withLock { $0[ObjectIdentifier(loop)] = loop }
    }

    /// The loop uses libcurl no more.
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
