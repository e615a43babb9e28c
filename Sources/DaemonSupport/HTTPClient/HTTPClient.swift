// SPDX-License-Identifier: Apache-2.0

@preconcurrency internal import Dispatch
internal import Synchronization

/// Sends HTTP requests. It uses HTTP/2 if the server offers it over TLS, and keeps connections for further requests.
///
/// Certificates are always verified; no setting turns that off. The client does not follow redirects, does not store
/// cookies, and ignores the proxies in the environment and .netrc files. All transfers share one thread.
public final class HTTPClient: Sendable {
    /// The settings for all requests.
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
    ///  - caFile: A PEM file with the certificates to trust instead of the system's.
    ///   - proxies: Which requests go through a proxy. By default none do.
    ///   - userAgent: The `User-Agent` of all requests.
    ///   - maxConnectionsPerHost: The largest number of connections to one host. Further requests wait.
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

    /// Lets libcurl and OpenSSL start on another thread, so that whoever needs one of them first does not wait as long. They read
    /// their configuration from files.
    public static func prepare() {
        DispatchQueue(label: "libcurl").async { _ = LibcurlLifetime.isReady }
    }

    /// Sends `request` and waits for the whole response. If the task is cancelled, the transfer is aborted.
    ///
    /// - Throws: `TransportError` if there is no complete response.
    public func send(_ request: ClientRequest) async throws(TransportError) -> ClientResponse {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).newValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(request, id: id, continuation)
                // If the task was cancelled before the submission, `cancel` found no transfer.
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
