internal import DQNCheckpoint
package import DQNModel

/// The division of a network's flat parameter vector into one contiguous range for each shard.
package struct ShardRanges: Sendable, Equatable {
    /// The elements of a cache line, to whose multiples ranges begin.
    private static let line = 16

    /// The ranges, in order and without gaps.
    package let ranges: [Range<Int>]

    /// Divides a vector into ranges of nearly equal length.
    ///
    /// - Throws: ``ClusterError`` (`invalidCluster`) if there are more shards than lines of 16 elements.
    package init(count: Int, shards: Int) throws(ClusterError) {
        let lines = (count + Self.line - 1) / Self.line
        guard (1...lines).contains(shards) else {
            throw ClusterError(
                code: .invalidCluster,
                message: "\(shards) shards cannot share \(count) parameters; use from 1 to \(lines).")
        }
        ranges = (0..<shards).map { shard in
            let first = lines * shard / shards * Self.line
            return first..<min(count, lines * (shard + 1) / shards * Self.line)
        }
    }

    /// Returns what every message carries to prove that both sides mean the same elements: the first eight bytes, read
    /// as a little-endian number, of the SHA-256 of a text with a line `name: shape` for each parameter, such as
    /// `layers/0/weight: 64 4`, and a line `shards: ` with the first element of each range.
    package func digest(of layout: ParameterLayout) throws -> UInt64 {
        var text = layout.entries.map { entry in
            "\(entry.name): \(entry.shape.map(String.init).joined(separator: " "))\n"
        }.joined()
        text += "shards: \(ranges.map { String($0.lowerBound) }.joined(separator: " "))\n"
        let bytes = try FileDigest.digest(of: text.utf8).bytes
        return bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
