// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

@testable import julesd

extension Fuzzer {
    /// The values of the settings: `KEY=value`.
    static let settings = Fuzzer(
        "settings",
        text: { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty, let key = SettingKey.named(String(parts[0])) else { return }
            var settings = Settings()
            do throws(SettingValueError) {
                _ = try key.read(String(parts[1]), &settings)
            } catch {
                promise(!key.differs(settings, Settings()), "a refused value changes nothing")
                promise(!key.isSecret || error.subject == nil, "a refusal shows nothing of a secret")
                return
            }
            var again = Settings()
            let isSame = (try? key.read(String(parts[1]), &again)) != nil && !key.differs(again, settings)
            promise(isSame, "the same text has the same meaning")
            if let secret = parts[1].split(separator: "whsec_").first, let key = Base64.decode(secret) {
                let padded = Base64.encode(key)
                promise(Base64.decode(padded) == key, "base64 survives")
                promise(
                    secret.bytes.starts(with: padded.bytes.prefix { $0 != UInt8(ascii: "=") }),
                    "base64 has one spelling")
            }
        })
}

extension Substring {
    var bytes: [UInt8] { Array(utf8) }
}
