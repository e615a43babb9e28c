// SPDX-License-Identifier: Apache-2.0

/// Parses a stream of Server-Sent Events (HTML Standard, 9.2.6). An event may be split anywhere between two parts.
struct EventParser: Sendable {
    struct Event: Sendable, Equatable {
        var name: String
        var data: String
    }

    private var line: [UInt8] = []
    private var name = ""
    private var data: [Substring] = []

    /// Adds a part of the stream, and returns the events that it completes.
    mutating func take(_ part: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in part {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let event = end(String(decoding: line, as: UTF8.self)) { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    /// Handles one line. An empty line ends the event.
    private mutating func end(_ line: String) -> Event? {
        guard !line.isEmpty else {
            defer {
                name = ""
                data = []
            }
            return data.isEmpty ? nil : Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count < 2 ? "" : parts[1].hasPrefix(" ") ? parts[1].dropFirst() : parts[1]
        switch parts[0] {
        case "event": name = String(value)
        case "data": data.append(value)
        default: break
        }
        return nil
    }
}
