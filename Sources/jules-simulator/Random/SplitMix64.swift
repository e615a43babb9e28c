// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// A small random generator with one word of state (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
///
/// The same seed gives the same sequence on every machine and with every version of Swift. For that, all values come
/// from the members below and not from the standard library's `random(in:using:)`, which may change.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to but not including 1.
    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// True with probability `rate`.
    mutating func chance(_ rate: Double) -> Bool { unit() < rate }

    /// A number in `range`; all are equally likely.
    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
    }

    /// A random element of `list`, which must not be empty.
    mutating func pick<Element>(_ list: [Element]) -> Element { list[number(in: 0...list.count - 1)] }

    /// A duration from `low` to `high` in whole microseconds.
    mutating func duration(_ low: Duration, _ high: Duration) -> Duration {
        let span = high.nanoseconds - low.nanoseconds
        return .microseconds((low.nanoseconds + Int64(unit() * Double(span))) / 1000)
    }

    /// `count` hexadecimal digits.
    mutating func hexadecimal(_ count: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        var word: UInt64 = 0
        for index in 0..<count {
            if index % 16 == 0 { word = next() }
            text.append(digits[Int(word & 15)])
            word >>= 4
        }
        return String(decoding: text, as: UTF8.self)
    }
}
