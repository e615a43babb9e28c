// SPDX-License-Identifier: Apache-2.0

internal import CCurl

/// One request on its way through libcurl, with what has arrived of its answer.
final class Transfer {
    let id: UInt64
    let easy: UnsafeMutableRawPointer
    let completion: TransferLoop.Completion
    private let maximumBody: Int
    private var patience: Patience
    private var response = ClientResponse(status: 0)
    private var headerBytes = 0
    private var isTooLarge = false
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// CURL_ERROR_SIZE bytes, which libcurl writes to while the transfer runs.
    private let errorText: UnsafeMutablePointer<CChar>

    private static let maximumHeader = 256 << 10

    init(
        _ request: ClientRequest, id: UInt64, _ settings: HTTPClient.Settings, _ completion: TransferLoop.Completion
    ) throws(TransportError) {
        guard let easy = curl_easy_init() else { throw .invalid(reason: "libcurl has no memory for a transfer") }
        self.id = id
        self.easy = easy
        self.completion = completion
        maximumBody = request.maximumBody
        patience = Patience(timeout: request.timeout, from: .now)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        // From here on `deinit` frees what was made, also when this throws.
        applyPolicy(settings)
        try apply(request)
        receive()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// When to give up.
    var deadline: ContinuousClock.Instant { patience.deadline }

    /// Whether libcurl has written any part of the request, or of what a proxy wants first, to a connection.
    var wasSent: Bool { number(CURLINFO_REQUEST_SIZE) > 0 }

    /// What a transfer that ended with `code` means.
    func result(_ code: CURLcode) -> Result<ClientResponse, TransportError> {
        switch code {
        case CURLE_OK:
            response.status = number(CURLINFO_RESPONSE_CODE)
            return .success(response)
        case CURLE_OPERATION_TIMEDOUT: return .failure(.timedOut(sent: wasSent))
        case CURLE_WRITE_ERROR where isTooLarge: return .failure(.tooLarge)
        // Later it is the answer whose protocol is none.
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

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        curl_easy_getinfo_long(easy, info, &value)
        return value
    }

    private func set(_ option: CURLoption, _ value: Int) {
        curl_easy_setopt_long(easy, option, value)
    }

    private func set(_ option: CURLoption, _ value: String?) {
        curl_easy_setopt_string(easy, option, value)
    }

    private func applyPolicy(_ settings: HTTPClient.Settings) {
        set(CURLOPT_NOSIGNAL, 1)
        curl_easy_allow_http_only(easy)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        set(CURLOPT_PIPEWAIT, 1)
        set(CURLOPT_ACCEPT_ENCODING, "")
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_USERAGENT, settings.userAgent)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let caFile = settings.caFile {
            for (file, folder) in [
                (CURLOPT_CAINFO, CURLOPT_CAPATH), (CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH),
            ] {
                set(file, caFile)
                // The system's folder would be trusted as well.
                set(folder, nil)
            }
        }
        // Without a value of ours libcurl takes the environment's.
        set(CURLOPT_PROXY, settings.proxy ?? "")
        set(CURLOPT_NOPROXY, settings.noProxy ?? "")
    }

    private func apply(_ request: ClientRequest) throws(TransportError) {
        set(CURLOPT_URL, request.url)
        // On a reused connection that closes before the first byte of an answer libcurl sends the request again, a POST too
        // (Curl_retry_request in its lib/transfer.c). On a new connection it does not.
        set(CURLOPT_FRESH_CONNECT, request.isIdempotent ? 0 : 1)
        switch request.method {
        case "GET": set(CURLOPT_HTTPGET, 1)
        case "HEAD": set(CURLOPT_NOBODY, 1)
        case "POST": set(CURLOPT_POST, 1)
        default: break
        }
        if let body = request.body ?? (request.method == "POST" ? [] : nil) {
            curl_easy_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            // A pointer of ours must not be null, or libcurl would ask a read callback.
            var copy = body.isEmpty ? [0] : body
            curl_easy_setopt_pointer(easy, CURLOPT_COPYPOSTFIELDS, &copy)
        }
        // Last, because the options above choose a method too.
        if !["GET", "HEAD", "POST"].contains(request.method) || (request.method == "GET" && request.body != nil) {
            set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        try apply(headers: request.headers)
    }

    private func apply(headers: [(String, String)]) throws(TransportError) {
        // A name with nothing after the colon takes away what libcurl would send by itself.
        var lines = ["Expect:"]
        if !headers.contains(where: { $0.0.lowercased() == "content-type" }) { lines.append("Content-Type:") }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw .invalid(reason: "a header field has a character that is not allowed in one") }
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        for line in lines { headerList = curl_slist_append(headerList, line) }
        curl_easy_setopt_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    private func receive() {
        curl_easy_setopt_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        // Unretained: the loop keeps the transfer for as long as libcurl has the handle.
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
        // Never nil: it is what `receive` handed over.
        Unmanaged<Transfer>.fromOpaque(pointer!).takeUnretainedValue()
    }

    /// One line, status lines and those of interim answers included. Anything but its length makes libcurl stop.
    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        patience.somethingArrived(at: .now)
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
        }
        return line.count
    }

    /// A part of the body, decompressed. Anything but its length makes libcurl stop.
    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        patience.somethingArrived(at: .now)
        guard response.body.count + bytes.count <= maximumBody else {
            isTooLarge = true
            return 0
        }
        response.body.append(contentsOf: bytes)
        return bytes.count
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Without white space at either end (RFC 9110 §5.5).
    fileprivate var trimmed: Self {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
