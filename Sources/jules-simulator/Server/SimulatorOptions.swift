// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// How a simulator starts.
struct SimulatorOptions: Sendable {
    var host = "127.0.0.1"
    /// 0 is any free port.
    var port = 0
    var seed: UInt64 = 1
    /// When simulated time begins.
    var start = Timestamp.now
    /// How many times as fast as real time it runs; 0 stands still until it is advanced.
    var speed = 1.0
    /// How many sessions there are at the start.
    var sessions = 0
    /// How many of them are alive.
    var active = 0
    /// How many sessions a minute start by themselves.
    var arrivals = 0.0
    /// The one accepted key; `nil` accepts any that is not empty.
    var key: String?
    var behavior = APIBehavior()
    var faults: [Fault] = []
}
