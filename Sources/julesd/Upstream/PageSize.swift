// SPDX-License-Identifier: Apache-2.0

/// Decides how many sessions to ask for in one page: fewer if a page is too large or too slow, more again later. Reads no
/// clock.
///
/// If a page was too large or could not be read, the same page is requested again at once with fewer sessions. A page that
/// was too slow may mean an API that hangs: then the next request asks for fewer, and after the smallest size for the largest
/// again. After a smaller page has arrived, a larger one is tried after ten seconds, then less and less often, down to once
/// an hour.
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

    /// Whether the same page is requested again at once with fewer sessions after this failure.
    func hasSmaller(than size: Int, after error: UpstreamError) -> Bool {
        guard let index = Self.sizes.firstIndex(of: size), error.mayMeanSize, index + 1 < Self.sizes.count else {
            return false
        }
        if case .undecodable = error { return true }
        return proven.map { index < $0 } ?? false
    }

    /// Records that a page of this size has arrived. Returns whether this is new, because larger pages fail.
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

    /// Records that a page of this size has not arrived. Returns whether the same page is to be requested again at once.
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
    /// Whether a shorter answer might have arrived.
    fileprivate var mayMeanSize: Bool {
        switch self {
        case .timedOut(let sent): sent
        case .undecodable: true
        default: false
        }
    }
}
