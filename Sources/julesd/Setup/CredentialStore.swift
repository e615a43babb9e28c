// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// Stores the service's secrets on disk: encrypted if systemd-creds(1) can do it, else as files of root.
struct CredentialStore: Sendable {
    /// The folders that julesd.service names in LoadCredential= and LoadCredentialEncrypted=.
    var plainDirectory = "/etc/julesd/credentials"
    var sealedDirectory = "/etc/julesd/credentials.encrypted"
    var run: @Sendable (_ arguments: [String], _ input: [UInt8]) -> SystemCommand.Result = {
        SystemCommand.run($0, input: $1)
    }

    /// How a credential is stored.
    enum Form { case sealed, plain }

    /// Stores `secret` for `key`, in place of an earlier one.
    ///
    /// - Throws: `SystemError` if a file cannot be written or removed.
    func store(_ secret: Secret, for key: String) throws(SystemError) -> Form {
        let name = key.lowercased()
        let sealedPath = "\(sealedDirectory)/\(name)"
        let plainPath = "\(plainDirectory)/\(name)"
        if let sealed = seal(secret, name: name) {
            try FileSystem.makeDirectory(sealedDirectory)
            try PrivateFile.replace(sealedPath, with: sealed)
            // If there are two for one key, the daemon accepts neither.
            try FileSystem.remove(plainPath)
            return .sealed
        }
        try FileSystem.makeDirectory(plainDirectory)
        try PrivateFile.replace(plainPath, with: Array(secret.reveal().utf8))
        try FileSystem.remove(sealedPath)
        return .plain
    }

    /// The encrypted secret for `key`; `nil` if there is none, or if it cannot be decrypted here.
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
