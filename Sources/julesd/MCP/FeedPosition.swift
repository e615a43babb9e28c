// SPDX-License-Identifier: Apache-2.0

/// A position in the log in the form that agents use: `epoch:seq` in one text.
struct FeedPosition: Sendable, Equatable {
    let epoch: String
    let seq: Int64

    init(_ head: LogHead) { (epoch, seq) = (head.epoch, head.seq) }

    init(epoch: String, seq: Int64) {
        self.epoch = epoch
        self.seq = seq
    }

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let seq = Int64(text[text.index(after: colon)...]), seq >= 0 else {
            return nil
        }
        self.init(epoch: String(text[..<colon]), seq: seq)
    }

    var text: String { "\(epoch):\(seq)" }
}
