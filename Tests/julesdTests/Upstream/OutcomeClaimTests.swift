// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("OutcomeClaims")
struct OutcomeClaimTests {
    @Test("gives an outcome to one request only, and to that one as often as it asks")
    func owners() {
        let claims = OutcomeClaims()
        #expect(claims.claim("1", for: "a"))
        #expect(claims.claim("1", for: "a"))
        #expect(!claims.claim("1", for: "b"))
        #expect(claims.claim("2", for: "b"))
    }

    @Test("forgets a claim with the key that it was made under")
    func memory() {
        let claims = OutcomeClaims()
        for number in 0..<1000 {
            #expect(claims.claim("\(number)", for: "a", at: .seconds(600 * number)))
        }
        #expect(claims.count == 144)
    }
}
