internal import DQNCheckpoint
package import Foundation
package import HDF5

/// A checkpoint file taken apart and written again with a defect: everything except the change is consistent.
package struct ForgedFile: Sendable {
    package struct Dataset: Sendable {
        package var type: HDF5.ElementType
        package var shape: [Int]
        package var bytes: [UInt8]
        package var layout: HDF5.Layout = .contiguous
        /// Rows per chunk, as listed in the manifest.
        package var chunkRows: Int?

        /// Creates a dataset.
        package init(
            type: HDF5.ElementType, shape: [Int], bytes: [UInt8], layout: HDF5.Layout = .contiguous,
            chunkRows: Int? = nil
        ) {
            self.type = type
            self.shape = shape
            self.bytes = bytes
            self.layout = layout
            self.chunkRows = chunkRows
        }

        /// Returns the SHA-256 for the manifest: of the elements, or of the digests of the rows of chunks.
        func digest() throws -> String {
            guard let chunkRows, let rows = shape.first, rows > 0 else { return try FileDigest.hexadecimal(of: bytes) }
            var digests: [UInt8] = []
            let chunk = chunkRows * (bytes.count / rows)
            for start in stride(from: 0, to: bytes.count, by: chunk) {
                digests += try FileDigest.digest(of: bytes[start..<min(start + chunk, bytes.count)]).bytes
            }
            return try FileDigest.hexadecimal(of: digests)
        }
    }

    package var attributes: [String: HDF5.AttributeValue]
    package var datasets: [String: Dataset]
    /// Datasets that the manifest does not list.
    package var unlisted: Set<String> = []
    /// Datasets that the manifest lists differently from the file.
    package var listedAs: [String: Dataset] = [:]
    package var emptyGroups: [String] = []
    /// Attributes of the file that differ from the manifest.
    package var otherAttributes: [String: HDF5.AttributeValue?] = [:]
    package var groupAttributes: [String] = []
    /// Chunked datasets whose last chunk is not written.
    package var lackingChunks: Set<String> = []
    /// Changes the manifest's text before or after computing its digest.
    package var editManifest: @Sendable (String) -> String = { $0 }
    package var editManifestSecretly: @Sendable (String) -> String = { $0 }
    /// Whether the file has a seal.
    package var isSealed: Bool
    /// The version in the seal, if it differs from the file's.
    package var sealedVersion: String?
    /// Rows per chunk by replay group.
    private var chunkRows: [String: Int] = [:]

    package init(reading url: URL) throws {
        let path = url.path
        isSealed = try Data(contentsOf: url).prefix(9) == Data("swift-dqn".utf8)
        (attributes, datasets) = try HDF5.perform { session in
            let file = try session.openFile(path, mode: .readOnly)
            let root = try file.root()
            var attributes: [String: HDF5.AttributeValue] = [:]
            for name in ["format", "format_version", "writer", "writer_version", "agent_steps", "manifest_sha256"] {
                attributes[name] = try root.attribute(name)
            }
            let manifest = try JSONDecoder().decode(
                Manifest.self, from: Data(root.read("manifest", as: UInt8.self, byteLimit: 1 << 24)))
            var datasets: [String: Dataset] = [:]
            for entry in manifest.datasets {
                guard let type = HDF5.ElementType(rawValue: entry.type) else { continue }
                let dataset = try root.openDataset(entry.path, as: type, shape: entry.shape, allowing: [1])
                var bytes = [UInt8](repeating: 0, count: dataset.byteCount)
                try bytes.withUnsafeMutableBytes { try dataset.read(into: $0) }
                datasets[entry.path] = Dataset(
                    type: type, shape: entry.shape, bytes: bytes, chunkRows: entry.chunk_rows)
            }
            return (attributes, datasets)
        }
        attributes["manifest_sha256"] = nil
        for (path, dataset) in datasets {
            if let rows = dataset.chunkRows { chunkRows[Self.group(path)] = rows }
        }
    }

    private static func group(_ path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Returns the datasets with chunks: replay columns without an explicit layout use those of the other columns.
    private func chunked(_ datasets: [String: Dataset]) -> [String: Dataset] {
        var result = datasets
        for (path, dataset) in datasets {
            guard isSealed, let rows = dataset.chunkRows ?? chunkRows[Self.group(path)],
                let count = dataset.shape.first, count > 0, dataset.layout == .contiguous
            else { continue }
            result[path]?.chunkRows = min(rows, count)
            result[path]?.layout = .chunked(
                [min(rows, count)] + dataset.shape.dropFirst(), filters: [.deflate(level: 6)])
        }
        return result
    }

    private struct Manifest: Codable {
        struct Entry: Codable {
            var path: String
            var type: String
            var shape: [Int]
            var sha256: String
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var chunk_rows: Int?
        }
        var attributes: [String: String]
        var datasets: [Entry]
    }

    /// Returns the JSON of a document.
    package func text(_ path: String) -> String { String(decoding: datasets[path]?.bytes ?? [], as: UTF8.self) }

    /// Replaces the text of a document.
    package mutating func set(_ path: String, text: String) {
        datasets[path] = Dataset(type: .uint8, shape: [text.utf8.count], bytes: Array(text.utf8))
    }

    /// Replaces a part of a document, which must contain it.
    package mutating func replace(_ path: String, _ part: String, with other: String) {
        precondition(text(path).contains(part), "\(path) does not contain \(part): \(text(path))")
        set(path, text: text(path).replacingOccurrences(of: part, with: other))
    }

    /// Adds or replaces an array.
    package mutating func set<Value: HDF5.Element>(_ path: String, _ values: [Value], shape: [Int]? = nil) {
        datasets[path] = Dataset(
            type: Value.elementType, shape: shape ?? [values.count], bytes: values.withUnsafeBytes(Array.init))
    }

    package func write(to url: URL) throws {
        try? FileManager.default.removeItem(at: url)
        var listed = datasets.filter { !unlisted.contains($0.key) }
        for (path, dataset) in listedAs { listed[path] = dataset }
        listed = chunked(listed)
        let entries = try listed.sorted { $0.key < $1.key }.map { path, dataset in
            Manifest.Entry(
                path: path, type: dataset.type.rawValue, shape: dataset.shape, sha256: try dataset.digest(),
                chunk_rows: dataset.chunkRows)
        }
        let texts = attributes.mapValues { value in
            switch value {
            case .int64(let number): "\(number)"
            case .uint64(let number): "\(number)"
            case .float64(let number): "\(number)"
            case .string(let text): text
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let manifest = editManifest(
            String(decoding: try encoder.encode(Manifest(attributes: texts, datasets: entries)), as: UTF8.self))
        let digest = try FileDigest.hexadecimal(of: manifest.utf8)
        var written = attributes
        written["manifest_sha256"] = .string(digest)
        for (name, value) in otherAttributes { written[name] = value }
        var file = self
        file.datasets = chunked(datasets)
        let final = (path: url.path, attributes: written, manifest: editManifestSecretly(manifest), file: file)
        try HDF5.perform { session in
            let file = try session.createFile(final.path, userBlock: final.file.isSealed ? 512 : 0)
            let root = try file.root()
            for (path, content) in final.file.datasets.sorted(by: { $0.key < $1.key }) {
                if let slash = path.lastIndex(of: "/") { try root.requireGroups(String(path[..<slash])) }
                let dataset = try root.createDataset(
                    path, of: content.type, shape: content.shape, layout: content.layout)
                if let rows = content.chunkRows, let count = content.shape.first {
                    // Unused rows are zeros; the library would leave arbitrary bytes.
                    let chunk = rows * (content.bytes.count / count)
                    let padding = [UInt8](repeating: 0, count: chunk)
                    for first in stride(from: 0, to: count, by: rows) {
                        if final.file.lackingChunks.contains(path), first + rows >= count { continue }
                        let bytes = Array((content.bytes.dropFirst(first / rows * chunk) + padding).prefix(chunk))
                        let offset = [first] + content.shape.dropFirst().map { _ in 0 }
                        try bytes.withUnsafeBytes { try dataset.writeChunk(at: offset, from: $0, skippedFilters: 1) }
                    }
                } else {
                    try content.bytes.withUnsafeBytes { try dataset.write(from: $0) }
                }
                try dataset.close()
            }
            for group in final.file.emptyGroups { try root.requireGroups(group) }
            for group in final.file.groupAttributes {
                try root.openGroup(group).setAttribute("note", to: .string("x"))
            }
            if !final.manifest.isEmpty { try root.write(Array(final.manifest.utf8), to: "manifest") }
            for (name, value) in final.attributes.sorted(by: { $0.key < $1.key }) {
                try root.setAttribute(name, to: value)
            }
            try root.close()
            try file.close()
        }
        if isSealed, case .string(let version)? = written["format_version"] {
            try Self.seal(url, version: sealedVersion ?? version)
        }
    }

    /// Seals a file with its present content.
    package static func seal(_ url: URL, version: String) throws {
        var data = try Data(contentsOf: url)
        let length = String(format: "%020d", data.count)
        let digest = try FileDigest.hexadecimal(of: data.dropFirst(512))
        let text = Data("swift-dqn checkpoint \(version)\nlength \(length)\nsha256 \(digest)\n".utf8)
        data.replaceSubrange(0..<512, with: text + Data(count: 512 - text.count))
        try data.write(to: url)
    }
}
