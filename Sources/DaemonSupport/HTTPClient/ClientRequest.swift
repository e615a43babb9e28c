// SPDX-License-Identifier: Apache-2.0

/// One HTTP request to send.
public struct ClientRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// An absolute URL, http or https. Its path is sent as it is.
    public var url: String
    /// The header fields. The client adds those for the body's length and the connection.
    public var headers: [(String, String)]
    /// The body, if there is one.
    public var body: [UInt8]?
    /// The request is given up if nothing arrives for this long.
    public var timeout: Duration
    /// The request is given up after this time even if data still arrives. The default is three times `timeout`.
    public var longest: Duration?
    /// The largest accepted body in bytes, counted after decompression.
    public var maximumBody: Int
    /// Whether only the status line is needed. Such a request succeeds when the final status line has arrived, whatever
    /// the body is like: too long, cut short, endless or wrongly encoded. The response has no body.
    public var wantsStatusOnly = false
    /// Whether the request may be sent twice without harm (RFC 9110 §9.2.2).
    ///
    /// If it may, it can use a connection that is already open, and is sent again over a new connection if the server
    /// had just closed that one. If it may not, it gets a new connection and is sent only once.
    public var isIdempotent: Bool
    /// The path of a Unix socket to connect to, instead of the URL's host and port.
    public var unixSocket: String?
    /// Receives each part of the body when it arrives, decompressed, on the client's thread. False ends the transfer.
    /// The response's `body` then stays empty, and `maximumBody` has no effect.
    public var receivePart: (@Sendable (_ status: Int, _ part: UnsafeRawBufferPointer) -> Bool)?

    /// A request. `isIdempotent` is set according to the method.
    public init(
        method: String = "GET", url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(10), maximumBody: Int = 64 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumBody = maximumBody
        self.isIdempotent = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(method)
    }
}
