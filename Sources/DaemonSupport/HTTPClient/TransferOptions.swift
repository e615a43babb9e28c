// SPDX-License-Identifier: Apache-2.0

internal import CCurl

extension Transfer {
    private func set(_ option: CURLoption, _ value: Int) {
        curl_easy_setopt_long(easy, option, value)
    }

    private func set(_ option: CURLoption, _ value: String?) {
        curl_easy_setopt_string(easy, option, value)
    }

    /// Sets the options that are the same for all requests.
    func applyPolicy(_ settings: HTTPClient.Settings) {
        set(CURLOPT_NOSIGNAL, 1)
        curl_easy_allow_http_only(easy)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
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
                // Otherwise the system's folder would be trusted too.
                set(folder, nil)
            }
        }
        // `ProxyPolicy` decides about exceptions. Without a value libcurl would read NO_PROXY.
        set(CURLOPT_NOPROXY, "")
        // Otherwise libcurl waits for a resolver thread whose name servers are silent, and all other transfers stop
        // meanwhile.
        curl_easy_leave_resolver_behind(easy)
    }

    /// Sets the options of one request.
    ///
    /// - Throws: `TransportError.invalid` if a header field has a forbidden character.
    func apply(_ request: ClientRequest, through proxies: ProxyPolicy) throws(TransportError) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_UNIX_SOCKET_PATH, request.unixSocket)
        // Empty means no proxy. Without a value libcurl would read the proxy from the environment.
        set(CURLOPT_PROXY, proxies.proxy(for: request.url) ?? "")
        // Each address of a host, except the last, gets half of the time that is left. With libcurl's own 300 s the
        // second address would never be tried. libcurl tries IPv6 and IPv4 in parallel by itself.
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(request.timeout.nanoseconds / 1_000_000)))
        // Waiting for a connection is useful only if it may become HTTP/2. Over plain HTTP/1.1, one missing response
        // would hold back all other requests to that host.
        set(CURLOPT_PIPEWAIT, request.url.lowercased().hasPrefix("https:") ? 1 : 0)
        // If a reused connection closes before the first byte of a response, libcurl sends the request again, even a
        // POST (Curl_retry_request in its lib/transfer.c). On a new connection it does not.
        set(CURLOPT_FRESH_CONNECT, request.isIdempotent ? 0 : 1)
        switch request.method {
        case "GET": set(CURLOPT_HTTPGET, 1)
        case "HEAD": set(CURLOPT_NOBODY, 1)
        case "POST": set(CURLOPT_POST, 1)
        default: break
        }
        if let body = request.body ?? (request.method == "POST" ? [] : nil) {
            curl_easy_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            // The pointer must not be null, because libcurl would then call a read callback.
            var copy = body.isEmpty ? [0] : body
            curl_easy_setopt_pointer(easy, CURLOPT_COPYPOSTFIELDS, &copy)
        }
        // Set last, because the options above also set a method.
        if !["GET", "HEAD", "POST"].contains(request.method) || (request.method == "GET" && request.body != nil) {
            set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        try apply(headers: request.headers)
    }

    private func apply(headers: [(String, String)]) throws(TransportError) {
        // A name without a value removes a field that libcurl would send by itself.
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
}
