// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import julesd

@Suite("OutcomeClaims", .timeLimit(.minutes(2)))
struct OutcomeClaimTests {
    @Test("An outcome is given to one request only, and to that one each time it asks")
    func owners() {
        let claims = OutcomeClaims()
        #expect(claims.claim("1", for: "a"))
        #expect(claims.claim("1", for: "a"))
        #expect(!claims.claim("1", for: "b"))
        #expect(claims.claim("2", for: "b"))
    }

    @Test("A claim is forgotten together with its key")
    func memory() {
        let claims = OutcomeClaims()
        for number in 0..<1000 {
            #expect(claims.claim("\(number)", for: "a", at: .seconds(600 * number)))
        }
        #expect(claims.count == 144)
    }
}
