// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The options of a simulator.
struct SimulatorOptions: Sendable {
    var host = "127.0.0.1"
    /// 0 means any free port.
    var port = 0
    var seed: UInt64 = 1
    /// The simulated time at the start.
    var start = Timestamp.now
    /// The speed of simulated time relative to real time. With 0 it moves only when it is advanced.
    var speed = 1.0
    /// The number of sessions at the start.
    var sessions = 0
    /// The number of these sessions that are active.
    var active = 0
    /// How many sessions start by themselves per minute.
    var arrivals = 0.0
    /// The accepted key; `nil` accepts any key that is not empty.
    var key: String?
    var behavior = APIBehavior()
    var faults: [Fault] = []
}
