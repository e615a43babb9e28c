// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread that runs all transfers of a client, with libcurl's multi interface.
///
/// ``run()`` returns only after ``stop()``, so no other code can run on this actor. Orders are put into a mailbox, and
/// curl_multi_wakeup(3), which any thread may call, makes the loop read it.
actor TransferLoop {
    typealias Completion = CheckedContinuation<Result<ClientResponse, TransportError>, Never>

    private enum Order {
        case submit(ClientRequest, id: UInt64, Completion)
        case cancel(UInt64)
    }

    private struct Mailbox {
        var orders: [Order] = []
        var isStopped = false
        /// `nil` before the loop starts and after it ends.
        var alarm: Alarm?
    }

    /// Ends the loop's wait.
    private struct Alarm: @unchecked Sendable {
        // Unchecked: curl_multi_wakeup is the one call on a multi handle that any thread may make.
        let multi: UnsafeMutableRawPointer

        func ring() { curl_multi_wakeup(multi) }
    }

    private let executor = ThreadExecutor()
    private let settings: HTTPClient.Settings
    private let mailbox = Mutex(Mailbox())
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ settings: HTTPClient.Settings) {
        self.settings = settings
    }

    nonisolated func submit(_ request: ClientRequest, id: UInt64, _ completion: Completion) {
        if !post(.submit(request, id: id, completion)) {
            completion.resume(returning: .failure(.cancelled(sent: false)))
        }
    }

    nonisolated func cancel(_ id: UInt64) {
        _ = post(.cancel(id))
    }

    nonisolated func stop() {
        mailbox.withLock { mailbox in
            mailbox.isStopped = true
            mailbox.alarm?.ring()
        }
    }

    private nonisolated func post(_ order: Order) -> Bool {
        mailbox.withLock { mailbox in
            guard !mailbox.isStopped else { return false }
            mailbox.orders.append(order)
            mailbox.alarm?.ring()
            return true
        }
    }

    /// Runs transfers until ``stop()``.
    func run() {
        Self.blockSIGPIPE()
        guard LibcurlLifetime.isReady, let multi = curl_multi_init() else {
            preconditionFailure("libcurl cannot start")
        }
        curl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, settings.maxConnectionsPerHost)
        curl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 4 * settings.maxConnectionsPerHost)
        let alarm = Alarm(multi: multi)
        mailbox.withLock { $0.alarm = alarm }

        while let orders = takeOrders() {
            for order in orders { carryOut(order, multi) }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            finishDone(multi)
            let now = ContinuousClock.now
            for transfer in transfers.values where transfer.deadline <= now {
                end(transfer, multi, transfer.timedOut)
            }
            curl_multi_poll(multi, nil, 0, pause(from: now), nil)
        }

        let orphans = mailbox.withLock { mailbox in
            mailbox.alarm = nil
            defer { mailbox.orders = [] }
            return mailbox.orders
        }
        for case .submit(_, _, let completion) in orphans {
            completion.resume(returning: .failure(.cancelled(sent: false)))
        }
        for transfer in transfers.values { end(transfer, multi, .failure(.cancelled(sent: transfer.wasSent))) }
        curl_multi_cleanup(multi)
        LibcurlLifetime.end(self)
    }

    private func takeOrders() -> [Order]? {
        mailbox.withLock { mailbox in
            guard !mailbox.isStopped else { return nil }
            defer { mailbox.orders.removeAll() }
            return mailbox.orders
        }
    }

    private func carryOut(_ order: Order, _ multi: UnsafeMutableRawPointer) {
        switch order {
        case .submit(let request, let id, let completion):
            do throws(TransportError) {
                let transfer = try Transfer(request, id: id, settings, completion)
                transfers[transfer.easy] = transfer
                curl_multi_add_handle(multi, transfer.easy)
            } catch {
                completion.resume(returning: .failure(error))
            }
        case .cancel(let id):
            guard let transfer = transfers.values.first(where: { $0.id == id }) else { return }
            end(transfer, multi, .failure(.cancelled(sent: transfer.wasSent)))
        }
    }

    private func finishDone(_ multi: UnsafeMutableRawPointer) {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            // The message becomes invalid when its handle is removed, so it is read completely before that.
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = transfers[easy]
            else { continue }
            end(transfer, multi, transfer.result(message.pointee.data.result))
        }
    }

    private func end(
        _ transfer: Transfer, _ multi: UnsafeMutableRawPointer, _ result: Result<ClientResponse, TransportError>
    ) {
        curl_multi_remove_handle(multi, transfer.easy)
        transfers[transfer.easy] = nil
        transfer.completion.resume(returning: result)
    }

    /// The time until the next deadline in milliseconds. libcurl handles its own timers and sockets.
    private func pause(from now: ContinuousClock.Instant) -> Int32 {
        guard let deadline = transfers.values.map(\.deadline).min() else { return 3_600_000 }
        // One more, because with rounding down the last millisecond would be a busy loop.
        let left = Int32(clamping: max(0, (deadline - now).nanoseconds / 1_000_000) + 1)
        // Until it is called again, libcurl 7.88 does not watch the socket to a host's next address.
        return transfers.values.allSatisfy(\.wasSent) ? left : min(left, 200)
    }

    /// Blocks SIGPIPE on this thread. With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to the application, and OpenSSL's
    /// writes can raise it.
    private static func blockSIGPIPE() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }
}
