// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// X.509 certificates as files hold them.
public enum Certificates {
    /// How many certificates in PEM form (RFC 7468) the text has up to its end, or up to one that cannot be read.
    ///
    /// It is what libcrypto, and so libcurl, finds in a file of that text.
    public static func count(inPEM text: [UInt8]) -> Int {
        guard let length = Int32(exactly: text.count), length > 0, let reader = BIO_new_mem_buf(text, length) else {
            return 0
        }
        defer {
            BIO_free(reader)
            // The end of the text is an error too, and would be taken for that of a later call.
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
