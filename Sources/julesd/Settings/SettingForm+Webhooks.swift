// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension SettingForm where Value == [WebhookURL] {
    static let webhooks = SettingForm("comma-separated https URLs; http for a loopback host only") {
        text, _ throws(SettingValueError) in
        var urls: [WebhookURL] = []
        for (index, item) in text.listItems.enumerated() {
            let which = "URL \(index + 1)"
            guard let url = WebURL(item), !url.hasFragment else {
                throw SettingValueError(reason: "\(which) is no https URL")
            }
            guard url.scheme == "https" || url.isLoopback else {
                throw SettingValueError(reason: "\(which) (\(url.origin)) is http, but not to a loopback host")
            }
            guard !urls.contains(WebhookURL(url)) else {
                throw SettingValueError(reason: "\(which) stands there twice")
            }
            urls.append(WebhookURL(url))
        }
        return urls
    }
}

extension SettingForm where Value == WebURL {
    static let publicURL = SettingForm(
        "an http or https URL without user name, query and fragment, such as https://julesd.example.com"
    ) { text, _ throws(SettingValueError) in
        var trimmed = Substring(text)
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let url = WebURL(trimmed) else { throw SettingValueError(reason: "is no http or https URL") }
        guard !url.hasUserInfo, !url.hasQuery, !url.hasFragment else {
            throw SettingValueError(reason: "has a user name, query or fragment")
        }
        return url
    }
}

extension SettingForm where Value == [WebhookFormat] {
    static let webhookFormats = SettingForm(
        "delta, ntfy, slack or discord; one for all URLs, or comma-separated one for each"
    ) { text, _ throws(SettingValueError) in
        let formats = try text.items(noSuch: "format") { WebhookFormat(rawValue: $0.lowercased()) }
        guard !formats.isEmpty else { throw SettingValueError(reason: "lists nothing") }
        return formats
    }
}

extension SettingForm where Value == Set<NotifyEvent> {
    static let events = SettingForm(
        "all, or a comma-separated choice of created, updated, deleted, attention, finished"
    ) {
        text, _ throws(SettingValueError) in
        let events = try text.items(noSuch: "event") { item -> [NotifyEvent]? in
            item.lowercased() == "all" ? NotifyEvent.allCases : NotifyEvent(rawValue: item.lowercased()).map { [$0] }
        }
        guard !events.isEmpty else { throw SettingValueError(reason: "lists nothing") }
        return Set(events.joined())
    }
}

extension SettingForm where Value == [SigningSecret] {
    static let signingSecrets = SettingForm("whsec_ and 24 to 64 bytes in base64; several are separated by spaces") {
        text, remarks throws(SettingValueError) in
        var secrets: [SigningSecret] = []
        for (index, item) in text.split(whereSeparator: \.isWhitespace).enumerated() {
            guard let secret = SigningSecret(item) else {
                throw SettingValueError(reason: "secret \(index + 1) is not whsec_ and base64")
            }
            if secret.length < SigningSecret.recommendedLength {
                remarks.append("secret \(index + 1) has \(secret.length) bytes; 24 to 64 are recommended")
            }
            secrets.append(secret)
        }
        return secrets
    }
}
