// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

extension LogFields {
    /// The journal fields by which other programs find julesd's entries.
    static let julesd = LogFields(
        prefix: "JULESD",
        named: [
            "sessionId": "JULES_SESSION_ID", "requestId": "JULESD_REQUEST_ID", "rule": "JULESD_RULE",
            "method": "HTTP_METHOD",
            "route": "HTTP_ROUTE", "status": "HTTP_STATUS", "peer": "HTTP_PEER",
            "milliseconds": "HTTP_DURATION_MS",
            // journalctl -u shows an entry that root wrote about a unit as if the unit had written it
            // (systemd.journal-fields(7)).
            "unit": "OBJECT_SYSTEMD_UNIT",
        ])
}
