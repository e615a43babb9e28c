// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The one of `candidates` that a typing error most likely meant, in any case; `nil` where none is near.
    public func nearest(among candidates: [String]) -> String? {
        let wanted = Array(uppercased().utf8)
        let ranked = candidates.map { (distance: editDistance(wanted, Array($0.uppercased().utf8)), name: $0) }
        // A third of the letters wrong is a typing error; more is another word.
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 3) else {
            return nil
        }
        return best.name
    }
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment).
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
