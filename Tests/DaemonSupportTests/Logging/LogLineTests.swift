// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import DaemonSupport

/// A record as the log handler makes it.
func record(
    _ sentence: String, level: Logger.Level = .info, metadata: Logger.Metadata = [:], event: CatalogEvent? = nil,
    carrying: Logger.Metadata = [:], error: (any Error)? = nil
) -> LogRecord {
    var metadata = metadata
    if let event { metadata["event"] = .stringConvertible(event) }
    let event = Logging.LogEvent(
        level: level, message: "\(sentence)", error: error, metadata: metadata, source: nil, file: "julesd/Main.swift",
        function: "run()", line: 7)
    // 2025-10-19T12:00:00.000Z
    return LogRecord(event, carrying: carrying, time: 1_760_875_200_000)
}

let started = CatalogEvent(name: "server_started", messageID: "0123456789abcdef0123456789abcdef")

@Suite("JSON lines", .timeLimit(.minutes(2)))
struct JSONLineTests {
    private func line(_ record: LogRecord) -> String { String(decoding: JSONLine.bytes(record), as: UTF8.self) }

    @Test("A JSON line has the event's name and sentence, and numbers stay numbers")
    func event() {
        let record = record("Listening.", metadata: ["port": .stringConvertible(3001)], event: started)
        #expect(
            line(record)
                == #"{"level":30,"time":"2025-10-19T12:00:00.000Z","msg":"server_started","port":3001,"text":"Listening."}"#
                + "\n")
    }

    @Test("Without an event the sentence is msg, and metadata of every kind is sorted by key")
    func kinds() {
        struct DiskError: Error, CustomStringConvertible { let description = "disk full" }
        let record = record(
            "It failed.", level: .error,
            metadata: [
                "b": .stringConvertible(true), "a": ["x", .stringConvertible(1.5)], "c": ["z": "2", "y": "1"],
                "event": "just a word",
            ],
            carrying: ["b": "overridden", "id": "12"], error: DiskError())
        #expect(
            line(record)
                == #"{"level":50,"time":"2025-10-19T12:00:00.000Z","msg":"It failed.","a":["x",1.5],"b":true,"#
                + #""c":{"y":"1","z":"2"},"error":"disk full","event":"just a word","id":"12"}"# + "\n")
    }

    @Test("A JSON line stays one line and one object, whatever a value contains")
    func injection() throws {
        let record = record("a\n{\"level\":50}", metadata: ["level": "60", "path": "\u{1B}[2J\r\n\"}"])
        let text = line(record)
        #expect(text.utf8.filter { $0 < 0x20 } == [0x0A] && text.hasSuffix("\n"))
        let object = try JSON(parsing: String(text.dropLast()))
        #expect(object["level"] == 30 && object["level_"] == "60" && object["path"] == "\u{1B}[2J\r\n\"}")
    }

    @Test(
        "Each level has its number",
        arguments: zip(Logger.Level.allCases, [10, 20, 30, 30, 40, 50, 50]))
    func levels(level: Logger.Level, number: Int) {
        #expect(line(record("x", level: level)).hasPrefix(#"{"level":\#(number),"#))
    }

    @Test(
        "The time is in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_007, "2000-02-29T00:00:00.007Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ])
    func time(milliseconds: Int64, text: String) {
        var record = record("x")
        record.time = milliseconds
        #expect(record.timestamp == text)
    }
}

@Suite("Text lines", .timeLimit(.minutes(2)))
struct TextLineTests {
    private func line(_ record: LogRecord, coloured: Bool = false) -> String {
        String(decoding: TextLine.bytes(record, coloured: coloured), as: UTF8.self)
    }

    @Test("A text line has time, level, sentence and values, in quotes if needed")
    func plain() {
        let record = record(
            "Listening.", metadata: ["port": .stringConvertible(3001), "title": "a \"b\"", "none": ""], event: started)
        #expect(
            line(record)
                == #"2025-10-19T12:00:00.000Z INFO     Listening. none="" port=3001 title="a \"b\"""# + "\n")
    }

    @Test("Only the level is coloured")
    func coloured() {
        let text = line(record("Slow.", level: .warning), coloured: true)
        #expect(text == "2025-10-19T12:00:00.000Z \u{1B}[33mWARNING\u{1B}[0m  Slow.\n")
    }

    @Test("No value can break the line, control the terminal or reorder the text")
    func injection() {
        let text = line(record("a\nb\u{9B}2J", metadata: ["x": "\u{1B}[2J\t\u{202E}é👍\u{2028}"]))
        #expect(text.hasSuffix(#"a\nb\u{9b}2J x=\u{1b}[2J\t\u{202e}é👍\u{2028}"# + "\n"))
    }
}
