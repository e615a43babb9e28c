// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
import Glibc
public import Logging
import Synchronization

/// Where a program's log records go, in which format, and from which level on.
///
/// Loggers are made here and not through `LoggingSystem`, so that a test or a command can have its own destination.
public final class LogDestination: Sendable {
    /// The format of the records. Never `auto`, and `journal` only if there is a journal.
    public let format: LogFormat

    private let form: RecordForm
    private let queue: LogQueue
    private let threshold: Atomic<Int>

    /// Makes a destination.
    ///
    /// `identifier` is the program's name in the journal. Records that do not go to the journal are written to
    /// `descriptor` (by default standard output), each with one write(2), on a thread of the destination. Text is
    /// coloured on a terminal unless `NO_COLOR` is set.
    public init(
        identifier: String, format: LogFormat, level: Logger.Level, fields: LogFields, descriptor: Int32 = 1
    ) {
        let terminal = isatty(descriptor) == 1
        let format = format.resolved(journal: JournalStream.isStandardError, terminal: terminal)
        // sd_journal_sendv(3) reports success even if there is no journal. In a container all records would be lost.
        self.format = format == .journal && access(JournalEntry.socketPath, F_OK) != 0 ? .json : format
        // An empty value does not count (https://no-color.org).
        let coloured = terminal && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
        let form = RecordForm(format: self.format, identifier: identifier, fields: fields, coloured: coloured)
        self.form = form
        queue = LogQueue(write: { $0.write(to: descriptor) }, dropNotice: form.dropNotice)
        threshold = Atomic(level.index)
    }

    /// The level below which records are dropped. A new value applies at once to every logger made here, except to
    /// those whose own level was set.
    public var level: Logger.Level {
        get { Logger.Level.allCases[threshold.load(ordering: .relaxed)] }
        set { threshold.store(newValue.index, ordering: .relaxed) }
    }

    /// A logger that writes here.
    public func logger(_ label: String) -> Logger {
        Logger(label: label) { _ in DestinationHandler(destination: self) }
    }

    /// The number of records that were dropped because the output was too slow.
    public var droppedCount: UInt64 { queue.droppedCount }

    /// Waits until all earlier records are written, but at most `seconds`. At the end of the process this is done for
    /// up to one second.
    public func flush(atMost seconds: Int) { queue.flush(until: .now() + .seconds(seconds)) }

    func write(_ record: LogRecord) { queue.add(form.output(record)) }
}

/// The form of the destination's records.
private struct RecordForm: Sendable {
    let format: LogFormat
    let identifier: String
    let fields: LogFields
    let coloured: Bool

    func output(_ record: LogRecord) -> LogQueue.Output {
        switch format {
        case .journal: .entry(JournalEntry(record, identifier: identifier, naming: fields))
        case .text: .line(TextLine.bytes(record, coloured: coloured))
        case .json, .auto: .line(JSONLine.bytes(record))
        }
    }

    func dropNotice(_ count: UInt64) -> LogQueue.Output {
        output(
            LogRecord(
                .warning, "\(count) log records were dropped, because the output took them too slowly",
                metadata: [("dropped", .stringConvertible(count))]))
    }
}

extension LogQueue.Output {
    /// Writes a line with one write(2), because lines of several writers could mix otherwise.
    fileprivate func write(to descriptor: Int32) {
        guard case .line(let line) = self else {
            if case .entry(let entry) = self { entry.send() }
            return
        }
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                // A log that cannot be written must not stop the program.
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}

extension Logger.Level {
    /// The index among all levels, counted from the lowest.
    fileprivate var index: Int {
        Logger.Level.allCases.firstIndex(of: self) ?? 0
    }
}

/// The handler behind each logger of a destination.
private struct DestinationHandler: LogHandler {
    let destination: LogDestination
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(destination: LogDestination) {
        self.destination = destination
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? destination.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: Logging.LogEvent) {
        let carried = metadataProvider.map { metadata.merging($0.get()) { $1 } } ?? metadata
        destination.write(LogRecord(event, carrying: carried, time: LogRecord.now()))
    }
}
