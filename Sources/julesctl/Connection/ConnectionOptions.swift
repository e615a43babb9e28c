// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonSupport

/// How to reach the daemon. All commands have these options.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's address: http://HOST:PORT, https://…, unix:PATH.",
            discussion: "JULESCTL_URL sets it too. The default is /run/julesd/julesd.sock.", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The file with the token.", discussion: "JULESCTL_TOKEN and JULESCTL_TOKEN_FILE set it too.",
            valueName: "path"),
        completion: .file())
    var tokenFile: String?

    @Flag(help: "Prints the API's JSON.")
    var json = false

    func validate() throws {
        for (text, source) in [(url, "--url"), (ProcessEnvironment.variables()["JULESCTL_URL"], "JULESCTL_URL")] {
            if let text, !text.isEmpty, DaemonAddress(text) == nil {
                throw ValidationError("\(source) must be http://HOST:PORT, https://HOST or unix:PATH, not \"\(text)\"")
            }
        }
    }

    /// A client for the daemon that the options name.
    ///
    /// - Throws: `ControlError` if the token's file cannot be read.
    func client() throws(ControlError) -> DaemonClient {
        let environment = ProcessEnvironment.variables()
        let address = [url, environment["JULESCTL_URL"]].lazy.compactMap(\.self).filter { !$0.isEmpty }
            .compactMap(DaemonAddress.init).first
        return DaemonClient(address: address ?? .standard, token: try token(environment))
    }

    private func token(_ environment: [String: String]) throws(ControlError) -> Secret? {
        if tokenFile == nil, let token = environment["JULESCTL_TOKEN"], !token.isEmpty { return Secret(token) }
        guard let path = tokenFile ?? environment["JULESCTL_TOKEN_FILE"], !path.isEmpty else { return nil }
        let contents: [UInt8]?
        do { contents = try FileContents.read(path) } catch {
            throw .failed("\(path) cannot be read: \(error.reason)")
        }
        guard let contents else { throw .failed("\(path) does not exist") }
        let line = String(decoding: contents, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        let token = line.filter { !$0.isWhitespace }
        guard !token.isEmpty else { throw .failed("\(path) contains no token") }
        return Secret(token)
    }
}
