// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import Testing

@testable import julesd

@Suite("The result of an error while a rule acts", .timeLimit(.minutes(2)))
struct DecisionResultTests {
    private func result(_ error: any Error, age: Duration = .zero, wasTried: Bool = false) -> DecisionResult {
        DecisionResult(error, age: age, wasTried: wasTried)
    }

    @Test("An action that certainly had no effect is tried again soon, and can be cancelled meanwhile")
    func undone() {
        let error = UpstreamError.throttled(retryAfter: .seconds(90))
        #expect(result(error) == .again(.seconds(90), isUndone: true, "\(error)"))
        #expect(result(error, wasTried: true) == .again(.seconds(90), isUndone: false, "\(error)"))
        let refused = UpstreamError.keyRejected(status: 401, message: "no")
        #expect(result(refused) == .again(.seconds(30), isUndone: true, "\(refused)"))
    }

    @Test(
        "An uncertain action is looked for after the time that its effect may take, and given up after half a day"
    )
    func uncertain() {
        let error = UncertainOutcomeError(cause: .timedOut(sent: true), mayBeRepeated: true)
        guard case .again(.seconds(120), isUndone: false, _) = result(error) else {
            Issue.record("\(result(error))")
            return
        }
        guard case .failed = result(error, age: .seconds(43_200)) else {
            Issue.record("\(result(error, age: .seconds(43_200)))")
            return
        }
    }

    @Test("A refusal ends a decision, and an unmet condition drops it")
    func over() {
        let refusal = UpstreamError.refused(status: 400, canonical: "FAILED_PRECONDITION", message: "", detail: nil)
        #expect(result(refusal) == .failed("\(refusal)"))
        #expect(result(SessionActionError.unknownSession("1")) == .dropped("the session is gone"))
        #expect(
            result(SessionActionError.otherPlan(wanted: "a", newest: "b"))
                == .dropped("another plan has taken its place"))
        #expect(result(DecisionUnmetError(reason: "x")) == .dropped("x"))
    }
}
