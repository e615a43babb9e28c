// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SettingForm where Value == UInt16? {
    static let port = SettingForm("a port, 1 to 65535; 0 for any free one; off for no TCP listener") {
        text, _ throws(SettingValueError) in
        if text.lowercased() == "off" { return nil }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(text) else {
            throw SettingValueError(reason: "is no port")
        }
        return port
    }
}

extension SettingForm where Value == IPAddress {
    static let address = SettingForm("one IPv4 or IPv6 address, such as 127.0.0.1, 0.0.0.0 or ::") {
        text, _ throws(SettingValueError) in
        guard let address = IPAddress(text) else {
            throw SettingValueError(
                reason: text.lowercased() == "localhost" ? "is a name; write 127.0.0.1 or ::1" : "is no IP address")
        }
        return address
    }
}

extension SettingForm where Value == AddressList {
    static let networks = SettingForm(
        "comma-separated networks or addresses, such as 192.168.1.0/24,10.0.0.7,2001:db8::/32"
    ) { text, remarks throws(SettingValueError) in
        let networks = try text.items(noSuch: "network or address") { CIDR($0) }
        for (item, network) in zip(text.listItems, networks)
        where IPAddress(item.prefix { $0 != "/" }) != network.network {
            remarks.append("\(item) has bits set behind its prefix and counts as \(network)")
        }
        return AddressList(networks)
    }
}

extension SettingForm where Value == [WebOrigin] {
    static let origins = SettingForm(
        "comma-separated origins, such as https://jules.example.com, http://localhost:5173 or chrome-extension://id"
    ) { text, _ throws(SettingValueError) in
        guard !text.listItems.contains("*") else {
            throw SettingValueError(reason: "would let every web page in; list the exact origins", subject: "*")
        }
        return try text.items(noSuch: "origin (scheme, host and perhaps a port, without a path)") { WebOrigin($0) }
    }
}

extension SettingForm where Value == [ProxyException] {
    static let proxyExceptions = SettingForm(
        "comma-separated hosts, domains such as .internal or *.internal, addresses or networks, or *"
    ) { text, _ throws(SettingValueError) in
        // Some programs also accept a space as a separator.
        let list = String(text.map { $0 == " " ? "," : $0 })
        return try list.items(noSuch: "host, domain, address or network") { ProxyException($0) }
    }
}

extension SettingForm where Value == WebURL {
    static let apiBase = SettingForm(
        "an https URL without user name, query and fragment; http for a loopback host only"
    ) {
        text, remarks throws(SettingValueError) in
        var trimmed = Substring(text)
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let url = WebURL(trimmed) else { throw SettingValueError(reason: "is no http or https URL") }
        guard !url.hasUserInfo, !url.hasQuery, !url.hasFragment else {
            throw SettingValueError(reason: "has a user name, query or fragment")
        }
        guard url.scheme == "https" || url.isLoopback else {
            throw SettingValueError(reason: "would send the key in clear; only a loopback host may have http")
        }
        if url.host == "api.jules.ai" {
            remarks.append("\(url.text) is used as set, but the public API lives at \(Settings().julesAPIBase.text)")
        }
        return url
    }
}
