internal import Crypto
internal import DQNModel
internal import Foundation

/// The list of everything in a file, stored in it as the JSON dataset `/manifest`.
struct Manifest: Codable, Equatable {
    /// One dataset.
    struct Entry: Codable, Equatable {
        var path: String
        var type: ElementType
        var shape: [Int]
        /// SHA-256 of the little-endian, row-major elements, in lower-case hexadecimal.
        var sha256: String
    }

    /// The root attributes but the manifest's own digest, numbers as decimal text.
    var attributes: [String: String]
    /// The datasets but the manifest itself, sorted by path.
    var datasets: [Entry]

    subscript(path: String) -> Entry? {
        // Sorted by path: halve until found.
        var range = datasets.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if datasets[middle].path == path { return datasets[middle] }
            range = datasets[middle].path < path ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}

/// Names of the file's fixed parts.
enum FileLayout {
    static let formatName = "swift-dqn checkpoint"
    static let manifest = "manifest"
    static let manifestDigest = "manifest_sha256"
    static let format = "format"
    static let version = "format_version"
    static let writer = "writer"
    static let writerVersion = "writer_version"
    static let agentSteps = "agent_steps"
}

extension Digest {
    /// Lower-case hexadecimal.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
