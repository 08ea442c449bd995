internal import DQNModel
internal import Foundation

/// The list of all datasets and root attributes of a file, stored as the JSON dataset `/manifest`.
struct Manifest: Codable, Equatable {
    /// A dataset.
    struct Entry: Codable, Equatable {
        var path: String
        var type: ElementType
        var shape: [Int]
        /// SHA-256 of the little-endian, row-major elements in lower-case hexadecimal; for a chunked dataset, of the
        /// digests of the rows of its chunks.
        var sha256: String
        /// Rows per chunk; `nil` for a contiguous dataset.
        var chunkRows: Int?

        enum CodingKeys: String, CodingKey {
            case path
            case type
            case shape
            case sha256
            case chunkRows = "chunk_rows"
        }

        /// Bytes per index of the first axis.
        var bytesPerRow: Int { shape.dropFirst().reduce(type.byteCount, *) }
    }

    private enum CodingKeys: String, CodingKey { case attributes, datasets }

    /// The root attributes except the manifest's own digest; numbers as decimal text.
    var attributes: [String: String]
    /// The datasets except the manifest, sorted by path.
    var datasets: [Entry]

    /// Checks what later steps rely on: sorted, well-formed paths and shapes that fit in the file.
    ///
    /// A contiguous dataset is no larger than the file, a chunked one no larger than deflate permits. So false shapes
    /// cause no allocation, and no product of extents overflows.
    func check(fileBytes: Int, _ layout: ContainerLayout, _ path: String) throws(CheckpointError) {
        let paths = datasets.map(\.path)
        guard paths.count <= ContainerReader.Limit.datasets, zip(paths, paths.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw .broken(.manifestContent, "'\(path)' lists too many datasets, or lists them out of order or twice.")
        }
        var neededBytes = 0
        for entry in datasets {
            let names = entry.path.split(separator: "/", omittingEmptySubsequences: false)
            guard names.count <= ContainerReader.Limit.depth, names.allSatisfy({ PathComponent.isValid(String($0)) })
            else {
                throw .broken(.manifestContent, "'\(path)' lists '\(entry.path)', which is not a valid dataset path.")
            }
            guard entry.shape.count <= ContainerReader.Limit.rank else {
                throw .broken(
                    .types,
                    "'\(path)' has \(entry.shape.count) extents at /\(entry.path); at most "
                        + "\(ContainerReader.Limit.rank) are possible.")
            }
            var count = 1
            for extent in entry.shape {
                // An empty dataset has no bytes, but its other extents must be valid: 0 counts as 1.
                let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
                guard extent >= 0, !overflow, product <= Int.max / 8 else {
                    throw .broken(.types, "'\(path)' has an invalid shape at /\(entry.path): \(entry.shape).")
                }
                count = product
            }
            let factor = entry.chunkRows == nil ? 1 : ContainerReader.Limit.inflation
            // Rows without width need no bytes, but a loop over them must end. The datasets must also fit together,
            // since headers can make several share bytes.
            neededBytes += count / factor <= fileBytes ? count / factor * entry.type.byteCount : fileBytes + 1
            guard neededBytes <= fileBytes else {
                throw .broken(.types, "'\(path)' is too short for /\(entry.path) of shape \(entry.shape).")
            }
            if let rows = entry.chunkRows {
                guard layout == .sealed else {
                    throw .broken(
                        .manifestContent, "'\(path)' stores /\(entry.path) in chunks, which exist from format 2.0 on.")
                }
                guard Self.isReplayColumn(names) else {
                    throw .broken(
                        .chunks, "'\(path)' stores /\(entry.path) in chunks, which only replay columns may be.")
                }
                try Self.checkChunks(rows, entry, fileBytes, path)
            }
        }
    }

    /// Whether a path is `workers/N/replay/COLUMN` or `workers/N/environments/K/replay/COLUMN`.
    private static func isReplayColumn(_ names: [Substring]) -> Bool {
        let isOfWorker = names.count == 4 && names[2] == "replay"
        let isOfEnvironment = names.count == 6 && names[2] == "environments" && names[4] == "replay"
        return names[0] == "workers" && (isOfWorker || isOfEnvironment)
    }

    /// Checks that the size and number of chunks are possible for the file.
    private static func checkChunks(
        _ rows: Int, _ entry: Entry, _ fileBytes: Int, _ path: String
    ) throws(CheckpointError) {
        let count = entry.shape.first ?? 0
        guard rows >= 1, rows <= count, entry.bytesPerRow > 0,
            rows <= ContainerReader.Limit.chunkBytes / entry.bytesPerRow,
            count / rows <= fileBytes / ContainerReader.Limit.leastChunkBytes
        else {
            throw .broken(.chunks, "'\(path)' has an invalid chunk size of \(rows) rows at /\(entry.path).")
        }
    }

    subscript(path: String) -> Entry? {
        let index = index { $0 < path }
        return index < datasets.count && datasets[index].path == path ? datasets[index] : nil
    }

    /// The datasets below a group.
    func below(_ group: String) -> ArraySlice<Entry> {
        // '0' is the character after '/'.
        datasets[index { $0 < group + "/" }..<index { $0 < group + "0" }]
    }

    /// The number of datasets whose path comes before another. Binary search: the datasets are sorted by path.
    private func index(_ isBefore: (String) -> Bool) -> Int {
        var range = datasets.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                isBefore(datasets[middle].path) ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}

/// The names of the fixed parts of a file.
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

    /// Whether the format stores a JSON document at a path.
    static func isDocument(_ path: String) -> Bool {
        if ["configuration", "architecture", "progress", "optimizer/state"].contains(path) { return true }
        let parts = path.split(separator: "/")
        return parts.count == 3
            && (parts[0] == "workers" && parts[2] == "state" || parts[0] == "extensions" && parts[2] == "descriptor")
    }
}
