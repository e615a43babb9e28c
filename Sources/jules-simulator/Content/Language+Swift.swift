// SPDX-License-Identifier: Apache-2.0

extension Language {
    static let swift = Language(
        name: "Swift", sourcePath: "Sources/{Repo}/{Type}.swift", testPath: "Tests/{Repo}Tests/{Type}Tests.swift",
        testCommand: "swift test --filter {Type}Tests", searchCommand: "grep -rl \"{Type}\" Sources Tests",
        passed:
            "Building for debugging...\nBuild complete! (6.41s)\nTest run with 14 tests passed after 0.213 seconds.\n",
        failed:
            "Building for debugging...\nBuild complete! (5.87s)\nTest run with 14 tests failed after 0.240 seconds with 1 issue.\n",
        changes: [
            .retry: """
                 func perform(_ job: Job) async throws {
            -        try await transport.send(job)
            +        try await retry.run(until: .now + limit) {
            +            try await transport.send(job)
            +        }
                 }
            """,
            .validate: """
                 init(_ input: Substring) throws {
            -        fields = input.split(separator: ",")
            +        guard !input.isEmpty else { throw {Type}Error.empty }
            +        fields = input.split(separator: ",", omittingEmptySubsequences: false)
            +        guard fields.count == Self.width else { throw {Type}Error.width(fields.count) }
                 }
            """,
            .cache: """
                 func value(for key: Key) async throws -> Value {
            -        try await source.load(key)
            +        if let known = cache[key] { return known }
            +        let value = try await source.load(key)
            +        cache[key] = value
            +        return value
                 }
            """,
            .log: """
                     case .failure(let error):
            -            print("failed: \\(error)")
            +            logger.error("{part} failed", metadata: ["error": "\\(error)", "attempt": "\\(attempt)"])
                         throw error
            """,
            .limit: """
                 mutating func enqueue(_ item: Item) {
            +        if items.count == capacity { items.removeFirst() }
                     items.append(item)
                 }
            """,
            .race: """
                 func stop() async {
            -        task?.cancel()
            -        task = nil
            +        guard let running = task else { return }
            +        task = nil
            +        running.cancel()
            +        await running.value
                 }
            """,
        ],
        test: """
            import Testing

            @testable import {Repo}

            @Test("the {part} survives an empty input")
            func {value}SurvivesEmptyInput() async throws {
                let subject = {Type}(configuration: .test)
                #expect(try await subject.process([]).isEmpty)
            }
            """)
}
