internal import DQNModel
internal import Foundation

/// The list of everything in a file, stored in it as the JSON dataset `/manifest`.
struct Manifest: Codable, Equatable {
    /// One dataset.
    struct Entry: Codable, Equatable {
        var path: String
        var type: ElementType
        var shape: [Int]
        /// SHA-256 of the little-endian, row-major elements, in lower-case hexadecimal; of the digests of the chunks' rows
        /// where there are chunks.
        var sha256: String
        /// Rows of a chunk, for a dataset that is stored in chunks.
        var chunkRows: Int?

        enum CodingKeys: String, CodingKey {
            case path
            case type
            case shape
            case sha256
            case chunkRows = "chunk_rows"
        }

        /// Bytes of one index of the first axis.
        var bytesPerRow: Int { shape.dropFirst().reduce(type.byteCount, *) }
    }

    private enum CodingKeys: String, CodingKey { case attributes, datasets }

    /// The root attributes but the manifest's own digest, numbers as decimal text.
    var attributes: [String: String]
    /// The datasets but the manifest itself, sorted by path.
    var datasets: [Entry]

    /// Checks what every later step relies on: paths in order and well formed, shapes that the file has room for.
    ///
    /// What is stored plainly is no larger than the file, and what is stored in chunks no larger than deflate could make
    /// it: nothing is allocated for a lie, and no product of a shape's extents, or of some of them, overflows.
    func check(fileBytes: Int, _ layout: ContainerLayout, _ path: String) throws(CheckpointError) {
        let paths = datasets.map(\.path)
        guard paths.count <= ContainerReader.Limit.datasets, zip(paths, paths.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw .broken(.manifestContent, "'\(path)' lists its datasets out of order or twice.") }
        var neededBytes = 0
        for entry in datasets {
            let names = entry.path.split(separator: "/", omittingEmptySubsequences: false)
            guard names.count <= ContainerReader.Limit.depth, names.allSatisfy({ PathComponent.isValid(String($0)) })
            else {
                throw .broken(.manifestContent, "'\(path)' lists '\(entry.path)', which is no path of a dataset.")
            }
            var count = 1
            for extent in entry.shape {
                // An empty dataset has no bytes, but its other extents must be possible too: 0 counts as 1.
                let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
                guard extent >= 0, !overflow, product <= Int.max / 8 else {
                    throw .broken(.types, "'\(path)' has an impossible shape at /\(entry.path): \(entry.shape).")
                }
                count = product
            }
            let factor = entry.chunkRows == nil ? 1 : ContainerReader.Limit.inflation
            // Rows without width take no bytes, but whoever goes through them must come to an end. Together, too, the datasets
            // must fit: headers can make several share their bytes.
            neededBytes += count / factor <= fileBytes ? count / factor * entry.type.byteCount : fileBytes + 1
            guard neededBytes <= fileBytes else {
                throw .broken(.types, "'\(path)' is too short for /\(entry.path) of shape \(entry.shape).")
            }
            if let rows = entry.chunkRows {
                guard layout == .sealed else {
                    throw .broken(.manifestContent, "'\(path)' stores /\(entry.path) in chunks, which came with 2.0.")
                }
                // `workers/N/replay/COLUMN`
                guard names.count == 4, names[0] == "workers", names[2] == "replay" else {
                    throw .broken(.chunks, "'\(path)' stores /\(entry.path) in chunks, which is no column of a replay.")
                }
                try Self.checkChunks(rows, entry, fileBytes, path)
            }
        }
    }

    /// Chunks of a possible size, no more of them than the file has room for.
    private static func checkChunks(
        _ rows: Int, _ entry: Entry, _ fileBytes: Int, _ path: String
    ) throws(CheckpointError) {
        let count = entry.shape.first ?? 0
        guard rows >= 1, rows <= count, entry.bytesPerRow > 0,
            rows <= ContainerReader.Limit.chunkBytes / entry.bytesPerRow,
            count / rows <= fileBytes / ContainerReader.Limit.leastChunkBytes
        else {
            throw .broken(.chunks, "'\(path)' has at /\(entry.path) chunks of \(rows) rows, which cannot be.")
        }
    }

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
    static let rootAttributes = [format, version, writer, writerVersion, agentSteps, manifestDigest]
}
