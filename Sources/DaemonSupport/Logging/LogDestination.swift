// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
import Glibc
public import Logging
import Synchronization

/// Where a program's records go, in which form, and from which level on.
///
/// Loggers are made here instead of through `LoggingSystem`, so that a test or a verb can have a destination of its own.
public final class LogDestination: Sendable {
    /// The form in which records leave: never `auto`, and `journal` only where there is one.
    public let format: LogFormat

    private let form: RecordForm
    private let queue: LogQueue
    private let threshold: Atomic<Int>

    /// A destination of its own.
    ///
    /// `identifier` is the program's name in the journal. Records that do not go to the journal are written to `descriptor`
    /// (standard output unless said otherwise), each by one write(2) on a thread of the destination's own; text is coloured on a terminal unless `NO_COLOR` is set.
    public init(
        identifier: String, format: LogFormat, level: Logger.Level, fields: LogFields, descriptor: Int32 = 1
    ) {
        let terminal = isatty(descriptor) == 1
        let format = format.resolved(journal: JournalStream.isStandardError, terminal: terminal)
        // sd_journal_sendv(3) reports success where there is no journal: in a container every record would be lost.
        self.format = format == .journal && access(JournalEntry.socketPath, F_OK) != 0 ? .json : format
        // no-color.org: only a value that is not empty counts.
        let coloured = terminal && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
        let form = RecordForm(format: self.format, identifier: identifier, fields: fields, coloured: coloured)
        self.form = form
        queue = LogQueue(write: { $0.write(to: descriptor) }, dropNotice: form.dropNotice)
        threshold = Atomic(level.index)
    }

    /// The level below which records are dropped. A new value counts at once for every logger made here, except where a
    /// logger was given a level of its own.
    public var level: Logger.Level {
        get { Logger.Level.allCases[threshold.load(ordering: .relaxed)] }
        set { threshold.store(newValue.index, ordering: .relaxed) }
    }

    /// A logger that writes here.
    public func logger(_ label: String) -> Logger {
        Logger(label: label) { _ in DestinationHandler(destination: self) }
    }

    /// How many records were dropped because the output took them too slowly.
    public var droppedCount: UInt64 { queue.droppedCount }

    /// Waits until all that was logged before is written, but no longer than so many seconds. The end of the process does so too,
    /// for a second.
    public func flush(atMost seconds: Int) { queue.flush(until: .now() + .seconds(seconds)) }

    func write(_ record: LogRecord) { queue.add(form.output(record)) }
}

/// The form of a destination's records.
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
    /// Writes a line whole: POSIX keeps lines of several writers apart only within one write(2).
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
                // A log that takes nothing more must not stop what is being logged.
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}

extension Logger.Level {
    /// The position among all levels, from the lowest.
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
