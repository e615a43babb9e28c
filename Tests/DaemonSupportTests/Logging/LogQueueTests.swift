// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import DaemonSupport

@Suite("LogQueue", .timeLimit(.minutes(2)))
struct LogQueueTests {
    @Test("Records keep their order, those without room are dropped, and their number follows the kept ones")
    func backlog() {
        var backlog = LogBacklog<Int>(mostRecords: 3, mostBytes: 10)
        for record in 1...5 { backlog.add(record, size: 1) }
        var batch = backlog.take()
        #expect(batch.records == [1, 2, 3] && batch.dropped == 2)
        backlog.add(6, size: 11)
        backlog.add(7, size: 1)
        batch = backlog.take()
        #expect(batch.records == [6] && batch.dropped == 1)
        #expect(backlog.droppedCount == 3)
        #expect(backlog.take().isEmpty)
    }

    @Test("While the output is stuck records are accepted, and later they are written with the number dropped")
    func stuck() {
        let stuck = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let written = Mutex<[String]>([])
        let queue = LogQueue(
            LogBacklog(mostRecords: 2, mostBytes: 100),
            write: { output in
                guard case .line(let bytes) = output else { return }
                let text = String(decoding: bytes, as: UTF8.self)
                if text == "0" {
                    begun.signal()
                    stuck.wait()
                }
                written.withLock { $0.append(text) }
            }, dropNotice: { .line(Array("dropped \($0)".utf8)) })
        queue.add(.line(Array("0".utf8)))
        begun.wait()
        for number in 1...5 { queue.add(.line(Array("\(number)".utf8))) }
        #expect(queue.droppedCount == 3)
        queue.flush(until: .now())
        stuck.signal()
        queue.flush(until: .distantFuture)
        queue.add(.line(Array("6".utf8)))
        queue.flush(until: .distantFuture)
        #expect(written.withLock { $0 } == ["0", "1", "2", "dropped 3", "6"])
    }
}
