// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where several instances keep their history: the connection URI of a PostgreSQL server, in libpq's form.
///
/// It is a secret, because it may contain a password. libpq knows which parameters there are; here only the form is
/// checked (PostgreSQL's manual, "Connection URIs").
struct StoreURI: Sendable, Equatable, CustomStringConvertible {
    let secret: Secret
    /// The URI without user name, password and parameters, such as `postgresql://db1:5432,db2/julesd`.
    let description: String

    /// - Throws: `SettingValueError`, which quotes nothing of the text.
    init(_ text: String) throws(SettingValueError) {
        guard let scheme = ["postgresql://", "postgres://"].first(where: text.hasPrefix) else {
            throw SettingValueError(reason: "is no URI of PostgreSQL")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingValueError(reason: "has a space or another character that is written as %XX in a URI")
        }
        guard text.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy(Self.isEscape) else {
            throw SettingValueError(reason: "has a % without two hexadecimal digits after it; write %25 for a %")
        }
        // As in libpq, user name and password end at the first @ that has no slash before it.
        let rest = text.dropFirst(scheme.count)
        let user = rest.prefix { $0 != "@" && $0 != "/" }
        let hasUser = rest[user.endIndex...].hasPrefix("@")
        let place = hasUser ? rest[user.endIndex...].dropFirst() : rest
        let path = place.prefix { $0 != "?" }
        guard !path.contains("@"), hasUser || !place.contains("@") else {
            throw SettingValueError(reason: "has an @ or a slash that is written as %40 or %2F in a name or password")
        }
        let hosts = path.prefix { $0 != "/" }
        guard hosts.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(Self.isHost) else {
            throw SettingValueError(
                reason: "has a host that is not HOST or HOST:PORT with a port from 1 to 65535 and IPv6 in brackets")
        }
        let parameters = try Self.parameters(place[path.endIndex...].dropFirst())
        let socket = parameters.filter { ["host", "hostaddr", "port"].contains($0.prefix { $0 != "=" }) }
        secret = Secret(text)
        description = scheme + path + (socket.isEmpty ? "" : "?" + socket.joined(separator: "&"))
    }

    /// Whether these are the characters after a `%`. libpq refuses `%00`.
    private static func isEscape(_ text: Substring) -> Bool {
        let digits = text.utf8.prefix(2)
        return digits.count == 2 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            && !digits.elementsEqual("00".utf8)
    }

    private static func isHost(_ text: Substring) -> Bool {
        let afterHost: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return false }
            afterHost = text[close...].dropFirst()
        } else {
            afterHost = text[text.prefix { $0 != ":" }.endIndex...]
        }
        let port = afterHost.dropFirst()
        guard !port.isEmpty else { return afterHost.isEmpty || afterHost == ":" }
        return afterHost.hasPrefix(":") && port.utf8.allSatisfy { (48...57).contains($0) } && UInt16(port) ?? 0 > 0
    }

    private static func parameters(_ query: Substring) throws(SettingValueError) -> [Substring] {
        guard !query.isEmpty else { return [] }
        let parameters = query.split(separator: "&", omittingEmptySubsequences: false)
        for (index, parameter) in parameters.enumerated()
        where parameter.hasPrefix("=") || parameter.count(where: { $0 == "=" }) != 1 {
            throw SettingValueError(reason: "has a parameter that is not NAME=VALUE, number \(index + 1) after the ?")
        }
        return parameters
    }
}

extension SettingForm where Value == StoreURI {
    static let store = SettingForm(
        """
        postgresql://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE as libpq takes it; several HOST:PORT are separated by \
        commas, and special characters in a name or password are written as %XX
        """
    ) { text, _ throws(SettingValueError) in
        try StoreURI(text)
    }
}
