// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

private let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBdTCCARugAwIBAgIUCW8cHLgKWA1i3VQVLOutLqs84fowCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjcxNzE2MzVaGA8yMTI2MTEwMzE3MTYz
    NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAAZ
    Ri1EVn+28zd0l2IkLG2p8ud8i8UVltiiU1X4gU12dCtXf3IuHX5dSrPlWlJ1NWta
    8u5GVxCdhEDMgF7MMVOjUzBRMB0GA1UdDgQWBBQuMwagqkZKl4pIcqugAI5avy4q
    5TAfBgNVHSMEGDAWgBQuMwagqkZKl4pIcqugAI5avy4q5TAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0gAMEUCIBVwB+HkxNHyZ435LBl5Lq+9jORn6UAebz8D
    bzqNcoLKAiEA/VhWlq93pucDA6aP8WVxFe5BiTkhQEjjWtzGSadXFvM=
    -----END CERTIFICATE-----

    """

@Suite("Certificates", .timeLimit(.minutes(2)))
struct CertificatesTests {
    @Test(
        "Certificates are counted to the end of the text, whatever is between them",
        arguments: [
            ("", 0), ("no certificate", 0), (certificate, 1), ("# a comment\n" + certificate + certificate, 2),
            (certificate.replacing("\n", with: "\r\n"), 1), ("\u{FEFF}" + certificate, 1),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0),
            (certificate.replacing("CERTIFICATE", with: "PRIVATE KEY"), 0),
        ])
    func count(text: String, count: Int) {
        #expect(Certificates.count(inPEM: Array(text.utf8)) == count)
    }
}
