// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Sends HTTP requests: HTTP/2 where the peer offers it over TLS, over connections that are kept and reused.
///
/// Certificates are always verified; no setting turns that off. Redirects are not followed, cookies not kept, and
/// neither the environment's proxies nor a .netrc are looked at. All transfers share one thread.
public final class HTTPClient: Sendable {
    /// What all requests have in common.
    struct Settings: Sendable {
        var caFile: String?
        var proxies: ProxyPolicy
        var userAgent: String
        var maxConnectionsPerHost: Int
    }

    private let loop: TransferLoop
    private let nextID = Atomic<UInt64>(0)

    /// A client.
    ///
    /// - Parameters:
    ///   - caFile: The certificates to trust (PEM), instead of the system's.
    ///   - proxies: Which requests go through a proxy; none unless said otherwise.
    ///   - userAgent: The `User-Agent` of all requests.
    ///   - maxConnectionsPerHost: Further requests wait for a connection.
    public init(
        caFile: String? = nil, proxies: ProxyPolicy = ProxyPolicy(), userAgent: String, maxConnectionsPerHost: Int = 16
    ) {
        let loop = TransferLoop(
            Settings(
                caFile: caFile, proxies: proxies, userAgent: userAgent, maxConnectionsPerHost: maxConnectionsPerHost))
        self.loop = loop
        LibcurlLifetime.begin(loop)
        Task { await loop.run() }
    }

    deinit {
        loop.stop()
    }

    /// Sends `request` and waits for the whole answer. Cancelling the task aborts the transfer.
    public func send(_ request: ClientRequest) async throws(TransportError) -> ClientResponse {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).newValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(request, id: id, continuation)
                // A cancellation from before the submission found nothing to cancel.
                if Task.isCancelled { loop.cancel(id) }
            }
        } onCancel: {
            loop.cancel(id)
        }
        return try result.get()
    }

    /// Aborts all transfers and refuses new ones with ``TransportError/cancelled(sent:)``.
    public func shutdown() {
        loop.stop()
    }
}
