// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Logging

extension UpstreamHealth.Turn {
    /// Writes the change to the journal.
    func log(to logger: Logger) {
        switch self {
        case .lost(let error):
            logger.event(.upstreamLost, level: .warning, "Jules does not answer as it should: \(error)")
        case .keyRefused(let error):
            logger.event(.keyRefused, level: .error, "Jules refuses the API key: \(error)")
        case .otherAccount(let error):
            logger.event(
                .otherAccount, level: .error,
                "\(error); nothing is asked or deleted until a key of that account is set, or another DATA_DIR")
        case .back(let time):
            logger.event(.upstreamBack, "Jules answers again after \(time)")
        }
    }
}
