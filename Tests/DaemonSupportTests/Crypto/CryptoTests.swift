// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Crypto", .timeLimit(.minutes(2)))
struct CryptoTests {
    @Test("The digest of FIPS 180-4's example and the code of RFC 4231's second case are right")
    func vectors() {
        #expect(
            hexadecimal(sha256("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hexadecimal(hmacSHA256("what do ya want for nothing?".utf8, key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test(
        "Texts of any length are compared",
        arguments: [("", "", true), ("a", "a", true), ("a", "b", false), ("a", "aa", false), ("", "a", false)])
    func equal(left: String, right: String, isEqual: Bool) {
        #expect(ConstantTime.equal(left, right) == isEqual)
    }

    @Test("A keyed hash is the same for the same text, and differs in each byte, in the length and in the key")
    func keyedHash() {
        let (hash, other) = (KeyedHash(), KeyedHash())
        var hashes: Set<UInt64> = []
        var texts = 0
        for length in 0...40 {
            let text = [UInt8](repeating: 0xFF, count: length)
            // One text as it is, and for each place one that differs there.
            for place in -1..<length {
                var text = text
                if place >= 0 { text[place] = 0 }
                #expect(text.withUnsafeBytes(hash.callAsFunction) == Array(text).withUnsafeBytes(hash.callAsFunction))
                #expect(
                    text.withUnsafeBytes(hash.callAsFunction) != text.withUnsafeBytes(other.callAsFunction)
                        || length == 0)
                hashes.insert(text.withUnsafeBytes(hash.callAsFunction))
                texts += 1
            }
            // Zeros at the end count too.
            hashes.insert([UInt8](repeating: 0, count: length + 2).withUnsafeBytes(hash.callAsFunction))
            texts += 1
        }
        #expect(hashes.count == texts)
    }

    @Test("Each token is different and has 64 hexadecimal digits")
    func tokens() {
        let tokens = (0..<100).map { _ in randomToken() }
        #expect(Set(tokens).count == 100)
        #expect(tokens.allSatisfy { $0.count == 64 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    }

    @Test(
        "The examples of RFC 4648 are encoded and decoded, with and without padding",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        #expect(Base64.decode(encoded.filter { $0 != "=" }) == Array(text.utf8))
    }

    @Test("A text that is not base64 is refused", arguments: ["Z", "Zg=", "Zh==", "Zm9v====", "Z g=", "Zm8-", "=Zg="])
    func noBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
