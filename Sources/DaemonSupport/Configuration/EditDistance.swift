// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The candidate that was most likely meant by this text, upper and lower case being equal; `nil` if none is
    /// similar.
    public func nearest(among candidates: [String]) -> String? {
        let wanted = Array(uppercased().utf8)
        let ranked = candidates.map { (distance: editDistance(wanted, Array($0.uppercased().utf8)), name: $0) }
        // Up to a third of the letters wrong counts as a typing error.
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 3) else {
            return nil
        }
        return best.name
    }
}

/// The number of letters to insert, remove, replace or swap with a neighbour (optimal string alignment distance).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var rows = [[Int]](repeating: Array(0...right.count), count: left.count + 1)
    for i in left.indices {
        rows[i + 1][0] = i + 1
        for j in right.indices {
            var best = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                best = min(best, rows[i - 1][j - 1] + 1)
            }
            rows[i + 1][j + 1] = best
        }
    }
    return rows[left.count][right.count]
}
