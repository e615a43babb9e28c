// SPDX-License-Identifier: Apache-2.0

/// How many sessions to ask for in one page: fewer if a page is too large or too slow, more again later. Reads no clock.
///
/// A page that was too large or made no sense is asked for again at once with fewer sessions. One that was too slow may mean an API
/// that hangs: then the next question is a smaller one, and after the smallest the largest comes again. Once a smaller page has
/// arrived, a larger one is tried after ten seconds, then ever more seldom, up to once an hour.
struct PageSize {
    static let sizes = [100, 10, 1]
    static let firstPause = Duration.seconds(10)
    static let longestPause = Duration.seconds(3600)

    private var present = 0
    /// The size that has worked since a larger one failed.
    private var proven: Int?
    private var retryLargerAt = Duration.zero
    private var pause = Self.firstPause

    /// The size to ask for.
    mutating func next(at now: Duration) -> Int {
        if let proven { present = proven > 0 && now >= retryLargerAt ? proven - 1 : proven }
        return Self.sizes[present]
    }

    /// Whether the same page, after this failure, is asked for with fewer sessions at once.
    func hasSmaller(than size: Int, after error: UpstreamError) -> Bool {
        guard let index = Self.sizes.firstIndex(of: size), error.mayMeanSize, index + 1 < Self.sizes.count else {
            return false
        }
        if case .undecodable = error { return true }
        return proven.map { index < $0 } ?? false
    }

    /// A page of that size has arrived; true if that is news, since larger ones do not.
    mutating func worked(_ size: Int, at now: Duration) -> Bool {
        guard let index = Self.sizes.firstIndex(of: size) else { return false }
        guard index > 0 else {
            self = PageSize()
            return false
        }
        guard proven != index else { return false }
        let isNew = proven == nil
        (proven, present, retryLargerAt) = (index, index, now + pause)
        return isNew
    }

    /// A page of that size has not arrived; true if the same page is to be asked for again at once.
    mutating func failed(_ size: Int, _ error: UpstreamError, at now: Duration) -> Bool {
        guard error.mayMeanSize, let index = Self.sizes.firstIndex(of: size) else { return false }
        let isAskedAgain = hasSmaller(than: size, after: error)
        if let proven, index < proven {
            pause = min(pause * 2, Self.longestPause)
            retryLargerAt = now + pause
        } else {
            proven = nil
            present = isAskedAgain ? index + 1 : (index + 1) % Self.sizes.count
        }
        return isAskedAgain
    }
}

extension UpstreamError {
    /// True if a shorter answer might have arrived.
    fileprivate var mayMeanSize: Bool {
        switch self {
        case .timedOut(let sent): sent
        case .undecodable: true
        default: false
        }
    }
}
