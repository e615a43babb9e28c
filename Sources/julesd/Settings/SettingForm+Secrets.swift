// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

// A rejection or a remark of these forms never quotes the text.

extension SettingForm where Value == Secret {
    static let apiKey = SettingForm("the key as jules.google.com/settings shows it: visible ASCII characters") {
        text, remarks throws(SettingRejection) in
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingRejection(reason: "has a space or another character that no key has")
        }
        if text == "your-jules-api-key-here" { remarks.append("is the example of a guide, not a key") }
        return Secret(text)
    }

    static let token = SettingForm("at least 16 visible ASCII characters without space and comma") {
        text, remarks throws(SettingRejection) in
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }) else {
            throw SettingRejection(reason: "has a space, a comma or a character that is not visible ASCII")
        }
        guard text.utf8.count >= 16 else {
            throw SettingRejection(reason: "has \(text.utf8.count) characters; \"julesd token\" makes a good one")
        }
        // The characters of a token in RFC 9110 §5.6.2: a browser refuses any other in a subprotocol's name.
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
        text, _ throws(SettingRejection) in
        let scheme = text.split(separator: "://", maxSplits: 1).first.map { $0.lowercased() }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains("://") || ["http", "https", "socks5", "socks5h"].contains(scheme)
        else { throw SettingRejection(reason: "is no proxy's address") }
        return Secret(text)
    }
}

extension SettingForm where Value == [WebhookURL] {
    static let webhooks = SettingForm("comma-separated https URLs; http for a loopback host only") {
        text, _ throws(SettingRejection) in
        var urls: [WebhookURL] = []
        for (index, item) in text.listItems.enumerated() {
            let which = "URL \(index + 1)"
            guard let url = WebURL(item), !url.hasFragment else {
                throw SettingRejection(reason: "\(which) is no https URL")
            }
            guard url.scheme == "https" || url.isLoopback else {
                throw SettingRejection(reason: "\(which) (\(url.origin)) is http, but not to a loopback host")
            }
            guard !urls.contains(WebhookURL(url)) else { throw SettingRejection(reason: "\(which) stands there twice") }
            urls.append(WebhookURL(url))
        }
        return urls
    }
}

extension SettingForm where Value == [WebhookFormat] {
    static let webhookFormats = SettingForm(
        "delta, ntfy, slack or discord; one for all URLs, or comma-separated one for each"
    ) { text, _ throws(SettingRejection) in
        var formats: [WebhookFormat] = []
        for item in text.listItems {
            guard let format = WebhookFormat(rawValue: item.lowercased()) else {
                throw SettingRejection(reason: "is no format", subject: item)
            }
            formats.append(format)
        }
        return formats
    }
}

extension SettingForm where Value == Set<NotifyEvent> {
    static let events = SettingForm(
        "all, or a comma-separated choice of created, updated, deleted, attention, finished"
    ) {
        text, _ throws(SettingRejection) in
        var events: Set<NotifyEvent> = []
        for item in text.listItems {
            if item.lowercased() == "all" {
                events.formUnion(NotifyEvent.allCases)
            } else if let event = NotifyEvent(rawValue: item.lowercased()) {
                events.insert(event)
            } else {
                throw SettingRejection(reason: "is no event", subject: item)
            }
        }
        return events
    }
}

extension SettingForm where Value == [SigningSecret] {
    static let signingSecrets = SettingForm("whsec_ and 24 to 64 bytes in base64; several are separated by spaces") {
        text, remarks throws(SettingRejection) in
        var secrets: [SigningSecret] = []
        for (index, item) in text.split(whereSeparator: \.isWhitespace).enumerated() {
            guard let secret = SigningSecret(item) else {
                throw SettingRejection(reason: "secret \(index + 1) is not whsec_ and base64")
            }
            if secret.length < SigningSecret.recommendedLength {
                remarks.append("secret \(index + 1) has \(secret.length) bytes; 24 to 64 are recommended")
            }
            secrets.append(secret)
        }
        return secrets
    }
}
