// SPDX-License-Identifier: Apache-2.0

internal import CCurl

extension Transfer {
    private func set(_ option: CURLoption, _ value: Int) {
        curl_easy_setopt_long(easy, option, value)
    }

    private func set(_ option: CURLoption, _ value: String?) {
        curl_easy_setopt_string(easy, option, value)
    }

    /// What is the same for all requests.
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
                // The system's folder would be trusted as well.
                set(folder, nil)
            }
        }
        // Exceptions are ours to judge; without a value libcurl takes the environment's.
        set(CURLOPT_NOPROXY, "")
        // Otherwise libcurl joins a resolver that waits for silent name servers, and no other transfer gets on meanwhile.
        curl_easy_leave_resolver_behind(easy)
    }

    /// What one request asks for.
    func apply(_ request: ClientRequest, through proxies: ProxyPolicy) throws(TransportError) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_UNIX_SOCKET_PATH, request.unixSocket)
        // Empty for none; without a value libcurl takes the environment's.
        set(CURLOPT_PROXY, proxies.proxy(for: request.url) ?? "")
        // Each address of a host but the last gets half of what is left of this time. libcurl's own 300 s would never let it
        // come to the second one. It tries IPv6 and IPv4 beside each other by itself.
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(request.timeout.nanoseconds / 1_000_000)))
        // Worth waiting for only where HTTP/2 may come of it. Over a plain connection one answer that does not come would keep all
        // other requests to that host from being sent.
        set(CURLOPT_PIPEWAIT, request.url.lowercased().hasPrefix("https:") ? 1 : 0)
        // On a reused connection that closes before the first byte of an answer libcurl sends the request again, a POST
        // too (Curl_retry_request in its lib/transfer.c). On a new connection it does not.
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
}
