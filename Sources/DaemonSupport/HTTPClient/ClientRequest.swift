// SPDX-License-Identifier: Apache-2.0

/// One HTTP request to send.
public struct ClientRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// An absolute URL, http or https. Its path is sent as it is.
    public var url: String
    /// The header fields; what is needed for the body's length and the connection is added.
    public var headers: [(String, String)]
    /// The body, if there is one.
    public var body: [UInt8]?
    /// The request is given up when nothing arrived for this long.
    public var timeout: Duration
    /// The request is given up after this long even while something arrives; three times `timeout` unless said otherwise.
    public var longest: Duration?
    /// A body longer than this many bytes, counted after decompression, is not accepted.
    public var maximumBody: Int
    /// Whether the status line is all that counts. Such a request succeeds as soon as the final status line has arrived, whatever
    /// follows it: a body that is too long, cut short, endless or wrongly encoded. The answer has no body.
    public var wantsStatusOnly = false
    /// Whether sending it twice does no harm (RFC 9110 §9.2.2).
    ///
    /// Such a request may go over a connection that is already open. Where the peer had just closed that connection, it
    /// is sent again over a new one. A request of the other kind gets a new connection from the start, and is sent
    /// once.
    public var isIdempotent: Bool
    /// The path of the Unix socket to connect to, in place of the URL's host and port.
    public var unixSocket: String?
    /// Takes each part of the body as it arrives, decompressed, on the client's thread; false ends the transfer. With it the answer's
    /// `body` stays empty and `maximumBody` does not count.
    public var receivePart: (@Sendable (_ status: Int, _ part: UnsafeRawBufferPointer) -> Bool)?

    /// A request. `isIdempotent` follows from the method.
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
