// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// X.509 certificates in files.
public enum Certificates {
    /// The number of certificates in PEM form (RFC 7468). Counting stops at the end of the text or at the first
    /// certificate that cannot be read.
    ///
    /// libcrypto, and therefore libcurl, reads the same certificates from a file with this text.
    public static func count(inPEM text: [UInt8]) -> Int {
        guard let length = Int32(exactly: text.count), length > 0, let reader = BIO_new_mem_buf(text, length) else {
            return 0
        }
        defer {
            BIO_free(reader)
            // The end of the text leaves an error in the queue, which a later call would take for its own.
            ERR_clear_error()
        }
        var count = 0
        while let certificate = PEM_read_bio_X509_AUX(reader, nil, nil, nil) {
            X509_free(certificate)
            count += 1
        }
        return count
    }
}
