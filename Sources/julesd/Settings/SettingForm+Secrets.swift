// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

// An error or a remark of these forms never quotes the text.

extension SettingForm where Value == Secret {
    static let apiKey = SettingForm("the key as jules.google.com/settings shows it: visible ASCII characters") {
        text, remarks throws(SettingValueError) in
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingValueError(reason: "has a space or another character that no key has")
        }
        if text == "your-jules-api-key-here" { remarks.append("is the example of a guide, not a key") }
        return Secret(text)
    }

    static let token = SettingForm("at least 16 visible ASCII characters without space and comma") {
        text, remarks throws(SettingValueError) in
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }) else {
            throw SettingValueError(reason: "has a space, a comma or a character that is not visible ASCII")
        }
        guard text.utf8.count >= 16 else {
            throw SettingValueError(reason: "has \(text.utf8.count) characters; \"julesd token\" makes a good one")
        }
        // The characters of a token in RFC 9110 §5.6.2. A browser refuses any other in the name of a subprotocol.
        let letters = "!#$%&'*+-.^_`|~"
        let odd = Set(text.filter { !($0.isLetter || $0.isNumber || letters.contains($0)) })
        if !odd.isEmpty {
            let list = odd.sorted().map { "\"\($0)\"" }.joined(separator: " ")
            remarks.append("has \(list), which browsers cannot send in a WebSocket subprotocol")
        }
        if text == "strong-random-token-here" { remarks.append("is the example of a guide; anyone can guess it") }
        return Secret(text)
    }

    static let proxy = SettingForm("host:port or a URL with http, https, socks5 or socks5h") {
        text, _ throws(SettingValueError) in
        let scheme = text.split(separator: "://", maxSplits: 1).first.map { $0.lowercased() }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains("://") || ["http", "https", "socks5", "socks5h"].contains(scheme)
        else { throw SettingValueError(reason: "is no proxy's address") }
        return Secret(text)
    }
}
