// SPDX-License-Identifier: Apache-2.0

/// The time between two activities of an agent, and from a message to its reply, as measured on real sessions.
enum AgentDelays {
    /// Between two activities of a working agent: half within 26 s, nine in ten within 77 s, none above 36 min.
    static func work(_ random: inout SplitMix64) -> Duration {
        sample([(0, 3), (0.5, 26), (0.75, 50), (0.9, 77), (0.99, 455), (1, 2160)], &random)
    }

    /// From a person's message to the agent's answer: half within 70 s, none above 8 min.
    static func reply(_ random: inout SplitMix64) -> Duration {
        sample([(0, 12), (0.5, 70), (0.9, 160), (1, 480)], &random)
    }

    /// A random value from the distribution through these points (quantile, seconds), interpolated linearly.
    private static func sample(_ points: [(Double, Double)], _ random: inout SplitMix64) -> Duration {
        let draw = random.unit()
        let upper = points.firstIndex { $0.0 > draw } ?? points.count - 1
        let (low, high) = (points[upper - 1], points[upper])
        let seconds = low.1 + (high.1 - low.1) * (draw - low.0) / (high.0 - low.0)
        return .microseconds(Int64(seconds * 1_000_000))
    }
}
