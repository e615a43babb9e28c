// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Where the service's secrets lie between its runs: sealed where systemd can, else as files of root.
struct CredentialStore: Sendable {
    /// The folders that julesd.service names in LoadCredential= and LoadCredentialEncrypted=.
    var plainDirectory = "/etc/julesd/credentials"
    var sealedDirectory = "/etc/julesd/credentials.encrypted"
    var run: @Sendable (_ arguments: [String], _ input: [UInt8]) -> SystemCommand.Result = {
        SystemCommand.run($0, input: $1)
    }

    /// How a credential is kept.
    enum Form { case sealed, plain }

    /// Keeps `secret` for `key`, in place of what was kept before.
    func store(_ secret: Secret, for key: String) throws(SystemError) -> Form {
        let name = key.lowercased()
        let sealedPath = "\(sealedDirectory)/\(name)"
        let plainPath = "\(plainDirectory)/\(name)"
        if let sealed = seal(secret, name: name) {
            try FileSystem.makeDirectory(sealedDirectory)
            try PrivateFile.replace(sealedPath, with: sealed)
            // Of two for one key the daemon would take neither.
            try FileSystem.remove(plainPath)
            return .sealed
        }
        try FileSystem.makeDirectory(plainDirectory)
        try PrivateFile.replace(plainPath, with: Array(secret.reveal().utf8))
        try FileSystem.remove(sealedPath)
        return .plain
    }

    /// What is kept sealed for `key`; `nil` where there is nothing or it cannot be opened here.
    func unseal(_ key: String) -> Secret? {
        let name = key.lowercased()
        let result = run(["systemd-creds", "decrypt", "--name=sealed_\(name)", "\(sealedDirectory)/\(name)", "-"], [])
        guard result.status == 0, let text = String(validating: result.output, as: UTF8.self) else { return nil }
        return Secret(text)
    }

    /// The unit's LoadCredentialEncrypted=sealed:DIRECTORY looks for this name inside (systemd.exec(5)).
    private func seal(_ secret: Secret, name: String) -> [UInt8]? {
        let result = run(["systemd-creds", "encrypt", "--name=sealed_\(name)", "-", "-"], Array(secret.reveal().utf8))
        return result.status == 0 && !result.output.isEmpty ? result.output : nil
    }
}
