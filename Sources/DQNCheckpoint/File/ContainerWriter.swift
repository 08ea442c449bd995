internal import DQNModel
internal import DQNSupport
internal import Foundation
internal import HDF5

/// Writes arrays, their manifest and the root attributes as a new HDF5 file.
enum ContainerWriter {
    /// Creates the file, which must not exist. Computes the digests on another thread while it writes the data.
    ///
    /// Closes the file, but does not synchronise it to the disk; the block for a seal is left empty.
    /// - Parameters:
    ///   - layout: How the file is laid out.
    ///   - cache: Compressed replay chunks of earlier saves, for a sealed file.
    ///   - source: The file that holds the replay columns that are not in memory.
    static func write(
        _ arrays: [StoredArray], attributes: [(name: String, value: HDF5.AttributeValue)], to path: String,
        layout: ContainerLayout, cache: CompressedChunkCache, copying source: OpenContainer?
    ) throws(CheckpointError) {
        let sorted = arrays.sorted { $0.path < $1.path }
        let digests = Concurrently {
            [plain = sorted.filter { $0.chunkRows(layout) == nil && !$0.isInFile }] () throws(CheckpointError) in
            var digests: [String: String] = [:]
            for array in plain { digests[array.path] = try array.digest() }
            return digests
        }
        // The other thread must not use the arrays after this function returns.
        defer { _ = try? digests.value() }
        do {
            try HDF5.perform { session in
                let file = try session.createFile(
                    path, mode: .exclusive, userBlock: layout == .sealed ? Seal.byteCount : 0)
                let root = try file.root()
                // Digests that are computed on the way.
                var known: [String: String] = [:]
                var place = try OpenGroup(of: "", in: file)
                for array in sorted {
                    if array.group != place.path { place = try OpenGroup(of: array.group, in: file) }
                    if let rows = array.chunkRows(layout), let (snapshot, column) = array.replay {
                        let dataset = try create(
                            array,
                            .chunked([rows] + column.shape, filters: [.deflate(level: CompressedChunkCache.level)]),
                            place.group)
                        known[array.path] =
                            if array.isInFile, let cursor = try source?.cursor(of: array) {
                                try cache.write(from: cursor, column, of: snapshot, into: dataset)
                            } else {
                                try cache.write(column, of: snapshot, into: dataset)
                            }
                        try dataset.close()
                    } else if array.isInFile, let cursor = try source?.cursor(of: array) {
                        known[array.path] = try copy(array, from: cursor, into: place.group)
                    } else {
                        try write(array, into: place.group)
                    }
                }
                try place.close()
                let plain = try digests.value()
                let entries = sorted.map { array in
                    Manifest.Entry(
                        path: array.path, type: array.element, shape: array.shape,
                        sha256: known[array.path] ?? plain[array.path] ?? "",
                        chunkRows: array.chunkRows(layout))
                }
                let manifest = Manifest(
                    attributes: Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.value.text) }),
                    datasets: entries)
                let bytes = Array(try JSONValue.canonicalEncoder.encode(manifest))
                try root.write(bytes, to: FileLayout.manifest)
                for (name, value) in attributes { try root.setAttribute(name, to: value) }
                try root.setAttribute(
                    FileLayout.manifestDigest, to: .string(try FileDigest.hexadecimal(of: bytes)))
                try root.close()
                try file.close()
            }
        } catch let error as CheckpointError {
            // The cache of compressed chunks names a dataset, not the file.
            guard error.code == .inputOutput, let cause = error.underlying else { throw error }
            throw failure(path, cause)
        } catch { throw failure(path, error) }
    }

    static func failure(_ path: String, _ error: any Error) -> CheckpointError {
        let number = (error as? HDF5Error)?.systemErrorNumber
        let reason = number.map { "\(SystemError($0))." } ?? "\(error)"
        return CheckpointError(
            code: .inputOutput, message: "'\(path)' could not be written: \(reason)", underlying: error)
    }

    private static func create(
        _ array: StoredArray, _ layout: HDF5.Layout, _ group: borrowing HDF5.Group
    ) throws(HDF5Error) -> HDF5.Dataset {
        try group.createDataset(
            array.name, of: HDF5.ElementType(array.element), shape: array.shape, layout: layout)
    }

    /// Writes a contiguous array from a file.
    ///
    /// - Returns: Its digest.
    private static func copy(
        _ array: StoredArray, from cursor: ReplayCursor, into group: borrowing HDF5.Group
    ) throws -> String {
        let dataset = try create(array, .contiguous, group)
        var digest = try FileDigest()
        var row = 0
        while let chunk = try cursor.next() {
            let rows = min(chunk.byteCount / max(array.bytesPerRow, 1), array.shape[0] - row)
            // Rows without width need no writing.
            guard rows > 0 else { continue }
            try chunk.withBytes { (bytes: UnsafeRawBufferPointer) throws(HDF5Error) in
                let used = UnsafeRawBufferPointer(rebasing: bytes[..<(rows * array.bytesPerRow)])
                digest.update(used)
                if rows == array.shape[0] {
                    try dataset.write(from: used)
                } else {
                    try dataset.writeRows(row..<(row + rows), from: used)
                }
            }
            row += rows
        }
        try dataset.close()
        return digest.finalize().hexadecimal
    }

    private static func write(_ array: StoredArray, into group: borrowing HDF5.Group) throws(HDF5Error) {
        let dataset = try create(array, .contiguous, group)
        var row = 0
        let total = array.shape.reduce(array.element.byteCount, *)
        try array.forEachRun { (run: UnsafeRawBufferPointer) throws(HDF5Error) in
            if run.count == total {
                try dataset.write(from: run)
            } else {
                let rows = run.count / array.bytesPerRow
                try dataset.writeRows(row..<(row + rows), from: run)
                row += rows
            }
        }
        try dataset.close()
    }
}

/// The group of the array that is being written: arrays are sorted by path, so it mostly serves the next one, too.
private struct OpenGroup: ~Copyable {
    let path: Substring
    let group: HDF5.Group

    /// Opens a group, which is created with its parents if it is missing; the root if the path is empty.
    init(of path: Substring, in file: borrowing HDF5.File) throws(HDF5Error) {
        self.path = path
        group = path.isEmpty ? try file.root() : try Self.group(String(path), in: file.root())
    }

    private static func group(_ path: String, in root: consuming HDF5.Group) throws(HDF5Error) -> HDF5.Group {
        try root.requireGroups(path)
        return try root.openGroup(path)
    }

    consuming func close() throws(HDF5Error) { try group.close() }
}

extension StoredArray {
    /// The path of the group that holds the array; empty for the root.
    fileprivate var group: Substring { path.lastIndex(of: "/").map { path[..<$0] } ?? "" }

    /// The last part of the path.
    fileprivate var name: String { path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path }

    /// Returns the SHA-256 of the elements in lower-case hexadecimal.
    fileprivate func digest() throws(CheckpointError) -> String {
        var digest = try FileDigest()
        forEachRun { digest.update($0) }
        return digest.finalize().hexadecimal
    }
}

extension HDF5.ElementType {
    /// Creates the HDF5 type of an element type.
    init(_ element: DQNModel.ElementType) {
        self =
            switch element {
            case .float32: .float32
            case .float64: .float64
            case .uint8: .uint8
            case .int32: .int32
            case .int64: .int64
            case .uint64: .uint64
            }
    }
}

extension HDF5.AttributeValue {
    /// The value as written in the manifest.
    var text: String {
        switch self {
        case .int64(let value): String(value)
        case .uint64(let value): String(value)
        case .float64(let value): String(value)
        case .string(let value): value
        }
    }
}
