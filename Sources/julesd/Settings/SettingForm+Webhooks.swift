// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

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
        guard !formats.isEmpty else { throw SettingRejection(reason: "lists nothing") }
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
        guard !events.isEmpty else { throw SettingRejection(reason: "lists nothing") }
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
