// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension Fuzzer {
    /// URLs and origins.
    static let webURL = Fuzzer(
        "web-url",
        text: { text in
            if let (host, port) = WebURL.hostAndPort(text) {
                let name = host.contains(":") ? "[\(host)]" : host
                let again = WebURL.hostAndPort(name + (port.map { ":\($0)" } ?? ""))
                promise(again?.host == host && again?.port == port, "\(name) is read as it is written")
                promise(host == host.lowercased() && !host.isEmpty, "a host is in lower case")
            }
            guard let url = WebURL(text) else {
                return promise(WebOrigin(text)?.isServed != true, "an origin is a URL or an application")
            }
            promise(url.text.bytes == text.bytes, "a URL stays as it is")
            promise(url.scheme == "http" || url.scheme == "https", "a URL has one of two schemes")
            promise(url.path.isEmpty || url.path.hasPrefix("/"), "a path begins with a slash")
            let origin = "\(url.origin)"
            promise(WebOrigin(origin) == url.origin, "\(origin) is read as it is written")
            promise(WebOrigin(origin)?.description == origin, "\(origin) is written so again")
            if let only = WebOrigin(text) { promise(only == url.origin, "an origin is its URL's") }
        })
}
