// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DaemonSupport

@Suite("Metric text", .timeLimit(.minutes(2)))
struct MetricTextTests {
    @Test(
        "Metrics are written in the text format",
        arguments: [
            (MetricFamily("up", "Whether.", .gauge, []), "# HELP up Whether.\n# TYPE up gauge\n"),
            (
                MetricFamily("a:b_total", "Two.", .counter, [MetricSample([], 0), MetricSample([], 12)]),
                "# HELP a:b_total Two.\n# TYPE a:b_total counter\na:b_total 0\na:b_total 12\n"
            ),
            (
                MetricFamily(
                    "t", "Back\\slash, \"quote\" and\nline.", .gauge,
                    [MetricSample([.init("path", "C:\\\"a\"\nb"), .init("é", "ü")], -1.5)]),
                "# HELP t Back\\\\slash, \"quote\" and\\nline.\n# TYPE t gauge\n"
                    + "t{path=\"C:\\\\\\\"a\\\"\\nb\",é=\"ü\"} -1.5\n"
            ),
            (
                MetricFamily(
                    "h_seconds", "Some.", .histogram,
                    [
                        MetricSample(suffix: "_bucket", [.init("le", "+Inf")], 3),
                        MetricSample(suffix: "_sum", [], 0.25),
                        MetricSample(suffix: "_count", [], 3),
                    ]),
                "# HELP h_seconds Some.\n# TYPE h_seconds histogram\n"
                    + "h_seconds_bucket{le=\"+Inf\"} 3\nh_seconds_sum 0.25\nh_seconds_count 3\n"
            ),
        ] as [(MetricFamily, String)])
    func families(family: MetricFamily, text: String) {
        #expect(String(decoding: MetricText.encode([family]), as: UTF8.self) == text)
    }

    @Test(
        "A written number reads back as the same number",
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (2.5, "2.5"), (0.00001, "1e-05"), (1e15, "1000000000000000"),
            (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        #expect(MetricText.number(value) == text)
    }
}
