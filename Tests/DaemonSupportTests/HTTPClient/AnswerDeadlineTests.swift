// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import DaemonSupport

@Suite("AnswerDeadline", .timeLimit(.minutes(2)))
struct AnswerDeadlineTests {
    @Test(
        "The deadline is one timeout after the last arrival, and at most three timeouts after the start",
        arguments: [([], 10), ([4], 14), ([4, 9], 19), ([9, 18, 27], 30), ([29], 30)] as [([Int], Int)])
    func deadline(arrivals: [Int], seconds: Int) {
        let start = ContinuousClock.now
        var patience = AnswerDeadline(timeout: .seconds(10), from: start)
        for arrival in arrivals { patience.somethingArrived(at: start + .seconds(arrival)) }
        #expect(patience.deadline == start + .seconds(seconds))
    }

    @Test("The deadline is never later than the given longest time")
    func longest() {
        let start = ContinuousClock.now
        var patience = AnswerDeadline(timeout: .seconds(10), longest: .seconds(12), from: start)
        #expect(patience.deadline == start + .seconds(10))
        patience.somethingArrived(at: start + .seconds(9))
        #expect(patience.deadline == start + .seconds(12))
    }
}
