import Crypto
import DQNModel
import Foundation
import HDF5

/// A checkpoint file taken apart, to be put together wrongly: everything but the change is consistent.
struct ForgedFile: Sendable {
    struct Dataset: Sendable {
        var type: HDF5.ElementType
        var shape: [Int]
        var bytes: [UInt8]
        var layout: HDF5.Layout = .contiguous
    }

    var attributes: [String: HDF5.AttributeValue]
    var datasets: [String: Dataset]
    /// Datasets that the manifest shall not list.
    var unlisted: Set<String> = []
    /// Datasets that the manifest lists as these, whatever the file holds.
    var listedAs: [String: Dataset] = [:]
    var emptyGroups: [String] = []
    /// Attributes of the file that differ from those of the manifest.
    var otherAttributes: [String: HDF5.AttributeValue?] = [:]
    var groupAttributes: [String] = []
    /// Changes the manifest's text before its digest is taken, or after.
    var editManifest: @Sendable (String) -> String = { $0 }
    var editManifestSecretly: @Sendable (String) -> String = { $0 }

    init(reading url: URL) throws {
        let path = url.path
        (attributes, datasets) = try HDF5.perform { session in
            let file = try session.openFile(path, mode: .readOnly)
            let root = try file.root()
            var attributes: [String: HDF5.AttributeValue] = [:]
            for name in try root.attributeNames() { attributes[name] = try root.attribute(name) }
            let manifest = try JSONDecoder().decode(
                Manifest.self, from: Data(root.read("manifest", as: UInt8.self, byteLimit: 1 << 24)))
            var datasets: [String: Dataset] = [:]
            for entry in manifest.datasets {
                guard let type = HDF5.ElementType(rawValue: entry.type) else { continue }
                let dataset = try root.openDataset(entry.path, as: type, shape: entry.shape)
                var bytes = [UInt8](repeating: 0, count: dataset.byteCount)
                try bytes.withUnsafeMutableBytes { try dataset.read(into: $0) }
                datasets[entry.path] = Dataset(type: type, shape: entry.shape, bytes: bytes)
            }
            return (attributes, datasets)
        }
        attributes["manifest_sha256"] = nil
    }

    private struct Manifest: Codable {
        struct Entry: Codable {
            var path: String
            var type: String
            var shape: [Int]
            var sha256: String
        }
        var attributes: [String: String]
        var datasets: [Entry]
    }

    /// The JSON of a document of the file.
    func text(_ path: String) -> String { String(decoding: datasets[path]?.bytes ?? [], as: UTF8.self) }

    /// Puts another text in the place of a document.
    mutating func set(_ path: String, text: String) {
        datasets[path] = Dataset(type: .uint8, shape: [text.utf8.count], bytes: Array(text.utf8))
    }

    /// Replaces a part of a document; the part must be there.
    mutating func replace(_ path: String, _ part: String, with other: String) {
        precondition(text(path).contains(part), "\(path) does not contain \(part): \(text(path))")
        set(path, text: text(path).replacingOccurrences(of: part, with: other))
    }

    /// Adds or replaces an array.
    mutating func set<Value: HDF5.Element>(_ path: String, _ values: [Value], shape: [Int]? = nil) {
        datasets[path] = Dataset(
            type: Value.elementType, shape: shape ?? [values.count], bytes: values.withUnsafeBytes(Array.init))
    }

    func write(to url: URL) throws {
        try? FileManager.default.removeItem(at: url)
        var listed = datasets.filter { !unlisted.contains($0.key) }
        for (path, dataset) in listedAs { listed[path] = dataset }
        let entries = listed.sorted { $0.key < $1.key }.map { path, dataset in
            let digest = SHA256.hash(data: dataset.bytes).map { String(format: "%02x", $0) }.joined()
            return Manifest.Entry(path: path, type: dataset.type.rawValue, shape: dataset.shape, sha256: digest)
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
        let digest = SHA256.hash(data: Data(manifest.utf8)).map { String(format: "%02x", $0) }.joined()
        var written = attributes
        written["manifest_sha256"] = .string(digest)
        for (name, value) in otherAttributes { written[name] = value }
        let final = (path: url.path, attributes: written, manifest: editManifestSecretly(manifest), file: self)
        try HDF5.perform { session in
            let file = try session.createFile(final.path)
            let root = try file.root()
            for (path, content) in final.file.datasets.sorted(by: { $0.key < $1.key }) {
                if let slash = path.lastIndex(of: "/") { try root.requireGroups(String(path[..<slash])) }
                let dataset = try root.createDataset(
                    path, of: content.type, shape: content.shape, layout: content.layout)
                try content.bytes.withUnsafeBytes { try dataset.write(from: $0) }
                try dataset.close()
            }
            for group in final.file.emptyGroups { try root.requireGroups(group) }
            for group in final.file.groupAttributes {
                try root.openGroup(group).setAttribute("note", to: .string("x"))
            }
            if !final.manifest.isEmpty { try root.writeText(final.manifest, to: "manifest") }
            for (name, value) in final.attributes.sorted(by: { $0.key < $1.key }) {
                try root.setAttribute(name, to: value)
            }
            try root.close()
            try file.close()
        }
    }
}
