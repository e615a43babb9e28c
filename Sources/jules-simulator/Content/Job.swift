// SPDX-License-Identifier: Apache-2.0

/// A kind of task. Its texts contain the placeholders of `Names`.
struct Job: Sendable {
    /// The subject of the task.
    enum Topic: String, Sendable, CaseIterable {
        case retry, validate, cache, log, limit, race
    }

    let topic: Topic
    /// Words in a prompt that select this job.
    let keywords: [String]
    let titles: [String]
    let prompts: [String]
    let steps: [(title: String, description: String)]
    let questions: [String]
}

extension Job {
    static let all: [Job] = [
        Job(
            topic: .retry, keywords: ["retry", "flaky", "timeout", "network"],
            titles: [
                "Retry transient failures in the {part}", "Make the {part} survive a flaky network",
                "Back off when the {part} is refused",
            ],
            prompts: [
                "Requests of the {part} fail on a flaky network. Retry transient transport errors with back-off, at most three times, and add tests.",
                "We see about 2% spurious failures from the {part} in production. Please add a retry policy (not for 4xx!) and cover it.",
            ],
            steps: [
                (
                    "Read the {part} and its callers",
                    "Find out which errors are transient and who else retries already."
                ),
                ("Add a retry policy", "Three attempts with exponential back-off, only for timeouts and resets."),
                ("Use it in {Type}", ""),
                ("Cover it with tests", "One success after a failure, one that gives up, one that must not retry."),
            ],
            questions: [
                "Should a 503 count as transient here? Without an answer I would retry it like a timeout.",
                "The {part} is also used by the nightly job. May I change the default for both, or should the policy be opt-in?",
            ]),
        Job(
            topic: .validate, keywords: ["valid", "reject", "malformed", "crash", "input", "error"],
            titles: [
                "Reject malformed input in the {part}", "Fix a crash on empty input in the {part}",
                "Validate what the {part} receives",
            ],
            prompts: [
                "The {part} crashes on empty or truncated input. It should refuse it with a clear error instead. Please add regression tests.",
                "Add proper validation to the {part}: missing fields, wrong number of columns, negative values. Keep the public API as it is.",
            ],
            steps: [
                ("Reproduce the crash with a test", ""),
                ("Check the input where it enters {Type}", "Refuse early, and name the field that is at fault."),
                ("Tell callers what went wrong", "An error type of its own instead of a generic one."),
                ("Run the whole test suite", ""),
            ],
            questions: [
                "Three fixtures hold rows with an empty last column. Are those valid, or should I fix the fixtures?",
                "Should an unknown field be refused or ignored? Both are common; I lean towards refusing.",
            ]),
        Job(
            topic: .cache, keywords: ["slow", "cache", "fast", "perf", "speed"],
            titles: [
                "Speed up the {part} with a cache", "Stop the {part} from loading the same thing twice",
                "Cut start-up time of the {part}",
            ],
            prompts: [
                "Profiling shows that the {part} loads the same entry again and again. Cache look-ups in memory, with a sensible bound, and measure before and after.",
                "The {part} takes 800 ms on first use. Find out why and get it under 200 ms.",
            ],
            steps: [
                ("Measure the {part} as it is", "A small benchmark that stays in the repository."),
                ("Cache look-ups", "Bounded, and dropped when the configuration changes."),
                ("Measure again and add tests", ""),
            ],
            questions: [
                "How stale may an entry be? I found no requirement; I would start with five minutes.",
                "The numbers improve from 812 ms to 143 ms with a cache of 1,024 entries. Is that memory acceptable on small devices?",
            ]),
        Job(
            topic: .log, keywords: ["log", "observ", "metric", "trace", "monitor"],
            titles: [
                "Add structured logging to the {part}", "Log why the {part} gives up",
                "Replace print statements in the {part}",
            ],
            prompts: [
                "When the {part} fails we only see \"failed\". Replace the print statements with structured logging: error, attempt, duration. No personal data, please.",
                "Add structured logs to the {part} so that on-call can tell a bad request from an outage.",
            ],
            steps: [
                ("List all places where {Type} prints", ""),
                ("Log with fields instead", "Error, attempt and duration; nothing that identifies a person."),
                ("Check the output in a test", ""),
            ],
            questions: [
                "Some messages contain e-mail addresses today. Drop them, or log a hash?",
                "Which level should a retried failure have: warning or info?",
            ]),
        Job(
            topic: .limit, keywords: ["limit", "memory", "queue", "leak", "bound"],
            titles: [
                "Bound the memory of the {part}", "Limit the backlog of the {part}", "Fix a slow leak in the {part}",
            ],
            prompts: [
                "Under load the {part} keeps everything it ever saw. Give its backlog a limit (configurable, default 500) and drop the oldest first.",
                "Memory of the {part} grows by ~40 MB a day. Find the leak, fix it, and add a test that would have caught it.",
            ],
            steps: [
                ("Find what grows", "A test that feeds the {part} until the backlog shows."),
                ("Give the backlog a limit", "Drop the oldest first; the limit is an option with a default."),
                ("Document the option", ""),
                ("Run the load test", ""),
            ],
            questions: [
                "When the limit is reached: drop the oldest entries, or refuse new ones? The callers seem to expect the former.",
                "Is 500 per process or per tenant? The configuration knows both.",
            ]),
        Job(
            topic: .race, keywords: ["race", "shutdown", "deadlock", "concurren", "hang", "flaky test"],
            titles: [
                "Fix a race when the {part} shuts down", "Stop the {part} only once",
                "Fix a flaky test around the {part}",
            ],
            prompts: [
                "Stopping the {part} while work is in flight sometimes hangs CI. Make stop idempotent and wait for the running work.",
                "There is a data race in the {part} (see the sanitizer output in CI). Fix it without a global lock.",
            ],
            steps: [
                ("Reproduce it under the race detector", ""),
                ("Make stopping idempotent", "The second call returns at once, the first one waits for running work."),
                ("Repeat the test a thousand times", ""),
            ],
            questions: [
                "Waiting can take up to 30 s with a stuck peer. May stop give up after 5 s?",
                "I can reproduce the hang once in 300 runs. Is a stress test of 20 s acceptable in CI?",
            ]),
    ]

    /// The index of the job that fits a prompt; `nil` if none fits.
    static func index(for prompt: String) -> Int? {
        let text = prompt.lowercased()
        return all.firstIndex { job in job.keywords.contains { text.contains($0) } }
    }
}
