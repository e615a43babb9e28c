// SPDX-License-Identifier: Apache-2.0

internal import CCurl

/// One request in libcurl, with the part of the response that has arrived.
final class Transfer {
    let id: UInt64
    let easy: UnsafeMutableRawPointer
    let completion: TransferLoop.Completion
    private let maximumBody: Int
    private let wantsStatusOnly: Bool
    private let receivePart: (@Sendable (_ status: Int, _ part: UnsafeRawBufferPointer) -> Bool)?
    private var answerDeadline: AnswerDeadline
    private var response = ClientResponse(status: 0)
    private var headerBytes = 0
    private var isTooLarge = false
    /// The time at which to stop waiting for the end of a body that is not needed.
    private var bodyDeadline: ContinuousClock.Instant?
    var headerList: UnsafeMutablePointer<curl_slist>?
    /// A buffer of CURL_ERROR_SIZE bytes. libcurl writes its error text to it while the transfer runs.
    private let errorText: UnsafeMutablePointer<CChar>

    private static let maximumHeader = 256 << 10
    /// Room for a longer body is made only when the body arrives.
    private static let believedBody = 1 << 20
    /// How long a body that is not needed is read, so that the connection can be used again.
    private static let unwantedBodyTime = Duration.seconds(1)

    init(
        _ request: ClientRequest, id: UInt64, _ settings: HTTPClient.Settings, _ completion: TransferLoop.Completion
    ) throws(TransportError) {
        guard let easy = curl_easy_init() else { throw .invalid(reason: "libcurl has no memory for a transfer") }
        self.id = id
        self.easy = easy
        self.completion = completion
        maximumBody = request.maximumBody
        wantsStatusOnly = request.wantsStatusOnly
        receivePart = request.receivePart
        answerDeadline = AnswerDeadline(timeout: request.timeout, longest: request.longest, from: .now)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        // From here on `deinit` frees everything, even if this initializer throws.
        applyPolicy(settings)
        try apply(request, through: settings.proxies)
        receive()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// The time at which to give up.
    var deadline: ContinuousClock.Instant {
        bodyDeadline.map { min($0, answerDeadline.deadline) } ?? answerDeadline.deadline
    }

    /// Whether libcurl has sent any part of the request, or of a proxy's CONNECT request.
    var wasSent: Bool { number(CURLINFO_REQUEST_SIZE) > 0 }

    /// The result of a transfer that reached its deadline.
    var timedOut: Result<ClientResponse, TransportError> {
        statusOnly.map { .success($0) } ?? .failure(.timedOut(sent: wasSent))
    }

    /// The response, if only its status line is needed and that has arrived.
    private var statusOnly: ClientResponse? {
        let status = number(CURLINFO_RESPONSE_CODE)
        guard wantsStatusOnly, status >= 200 else { return nil }
        return ClientResponse(status: status, headers: response.headers)
    }

    /// The result of a transfer that ended with `code`.
    func result(_ code: CURLcode) -> Result<ClientResponse, TransportError> {
        if let statusOnly { return .success(statusOnly) }
        switch code {
        case CURLE_OK:
            response.status = number(CURLINFO_RESPONSE_CODE)
            return .success(response)
        case CURLE_OPERATION_TIMEDOUT: return .failure(.timedOut(sent: wasSent))
        case CURLE_WRITE_ERROR where isTooLarge: return .failure(.tooLarge)
        // Before anything was sent, this code means an unknown scheme. Later it means that the response is not HTTP.
        case CURLE_URL_MALFORMAT,
            CURLE_UNSUPPORTED_PROTOCOL where !wasSent:
            return .failure(.invalid(reason: reason(code)))
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .failure(.tls(reason: reason(code)))
        default: return .failure(.unreachable(reason: reason(code), sent: wasSent))
        }
    }

    private func reason(_ code: CURLcode) -> String {
        String(cString: errorText.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(errorText))
    }

    /// The length of the body as its `Content-Length` says, within limits.
    private var expectedBody: Int {
        min(response.first("content-length").flatMap { Int($0) } ?? 0, maximumBody, Self.believedBody)
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        curl_easy_getinfo_long(easy, info, &value)
        return value
    }

    private func receive() {
        curl_easy_setopt_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        // Unretained, because the loop keeps the transfer as long as libcurl has the handle.
        let this = Unmanaged.passUnretained(self).toOpaque()
        curl_easy_setopt_pointer(easy, CURLOPT_HEADERDATA, this)
        curl_easy_setopt_writer(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, this in
            Transfer.from(this).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: count))
        }
        curl_easy_setopt_pointer(easy, CURLOPT_WRITEDATA, this)
        curl_easy_setopt_writer(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, this in
            Transfer.from(this).receiveBody(UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> Transfer {
        // Never nil: `receive` passed this pointer to libcurl.
        Unmanaged<Transfer>.fromOpaque(pointer!).takeUnretainedValue()
    }

    /// Receives one line: a header field or a status line, also of interim responses. Any result other than its length
    /// makes libcurl stop.
    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        answerDeadline.somethingArrived(at: .now)
        headerBytes += line.count
        guard headerBytes <= Self.maximumHeader else {
            isTooLarge = true
            return 0
        }
        if line.starts(with: "HTTP/".utf8) {
            response.headers.removeAll()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...].trimmed, as: UTF8.self)
            response.headers.append((name, value))
        } else if wantsStatusOnly, number(CURLINFO_RESPONSE_CODE) >= 200 {
            // The empty line before the body of the final response.
            bodyDeadline = .now + Self.unwantedBodyTime
        }
        return line.count
    }

    /// Receives a part of the body, decompressed. Any result other than its length makes libcurl stop.
    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        answerDeadline.somethingArrived(at: .now)
        if let receivePart { return receivePart(number(CURLINFO_RESPONSE_CODE), bytes) ? bytes.count : 0 }
        guard response.body.count + bytes.count <= maximumBody else {
            isTooLarge = true
            return 0
        }
        if response.body.isEmpty { response.body.reserveCapacity(expectedBody) }
        response.body.append(contentsOf: bytes)
        return bytes.count
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// The bytes without white space at either end (RFC 9110 §5.5).
    fileprivate var trimmed: Self {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
