// SPDX-License-Identifier: Apache-2.0

import JulesAPI

/// The active faults in the order given. The first one that fits a request affects it.
struct FaultPlan: Sendable, Equatable {
    private(set) var faults: [Fault] = []

    mutating func add(_ fault: Fault) { faults.append(fault) }

    mutating func clear() { faults = [] }

    /// The fault for a request. Counts it as used once.
    mutating func next(for operation: Operation, random: inout SplitMix64) -> Fault? {
        for index in faults.indices {
            let fault = faults[index]
            guard fault.operation ?? operation == operation, fault.probability >= 1 || random.chance(fault.probability)
            else { continue }
            if let count = fault.count {
                if count <= 1 { faults.remove(at: index) } else { faults[index].count = count - 1 }
            }
            return fault
        }
        return nil
    }
}
