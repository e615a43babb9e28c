// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Why the setup stopped.
enum SetupError: Error {
    case settings(SettingsError)
    case upstream(UpstreamError)
    case storage(SystemError)
    case service
}

/// What `julesd setup` does with a key: check it, store it, start the service.
struct Setup: Sendable {
    var credentials = CredentialStore()
    var units = ServiceUnits()
    /// Loads the settings with this key.
    var load: @Sendable (Secret) throws(SettingsError) -> Settings
    /// Asks the API whether it accepts the key in the settings.
    var check: @Sendable (Settings) async throws(UpstreamError) -> Void
    var say: @Sendable (String) -> Void

    /// The address of the daemon, and the token for clients.
    struct Outcome {
        var address: String
        var token: Secret?
    }

    /// Checks and stores the key, makes a token if there is none, and starts the service. Nothing is stored before the API
    /// has accepted the key.
    ///
    /// - Throws: `Failure` with the step that failed.
    func run(key: Secret) async throws(SetupError) -> Outcome {
        let settings: Settings
        do throws(SettingsError) { settings = try load(key) } catch { throw .settings(error) }
        do throws(UpstreamError) { try await check(settings) } catch { throw .upstream(error) }
        say("The Jules API takes the key.")
        let token: Secret?
        do throws(SystemError) {
            switch try credentials.store(key, for: "JULES_API_KEY") {
            case .sealed: say("The key is stored, sealed, in \(credentials.sealedDirectory).")
            case .plain: say("The key is stored in \(credentials.plainDirectory); systemd-creds cannot seal it here.")
            }
            token = if isTokenKept(settings) { keptToken(settings) } else { try freshToken() }
        } catch { throw .storage(error) }
        guard units.isSystemdRunning() else {
            say("systemd does not run here, so nothing was started.")
            return Outcome(address: units.address(), token: token)
        }
        say("Starting julesd; it is ready once it has spoken with the Jules API.")
        guard units.enableAndRestart() else { throw .service }
        return Outcome(address: units.address(), token: token)
    }

    private func isTokenKept(_ settings: Settings) -> Bool {
        settings.localToken != nil || settings.sealed.contains("LOCAL_TOKEN")
    }

    /// The existing token; `nil` if it is encrypted and cannot be decrypted here.
    private func keptToken(_ settings: Settings) -> Secret? {
        settings.localToken ?? credentials.unseal("LOCAL_TOKEN")
    }

    private func freshToken() throws(SystemError) -> Secret {
        let token = Secret(randomToken())
        _ = try credentials.store(token, for: "LOCAL_TOKEN")
        say("A token for clients is made and stored beside it.")
        return token
    }
}
