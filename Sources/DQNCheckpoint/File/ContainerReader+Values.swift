internal import DQNModel
internal import Foundation

extension ContainerReader {
    /// The manifest's entry of a path, of a type.
    func entry(_ path: String, _ type: ElementType, rule: Rule) throws(CheckpointError) -> Manifest.Entry {
        guard let entry = manifest[path] else { throw .broken(rule, "The file has no /\(path).") }
        guard entry.type == type else {
            throw .broken(rule, "/\(path) is \(entry.type.rawValue), not \(type.rawValue).")
        }
        return entry
    }

    /// All elements of a dataset with one axis, or with exactly a shape.
    func values<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ path: String, _ type: ElementType, shape: [Int]? = nil, rule: Rule
    ) throws(CheckpointError) -> [Value] {
        let entry = try entry(path, type, rule: rule)
        guard shape.map({ $0 == entry.shape }) ?? (entry.shape.count == 1) else {
            throw .broken(
                rule, "/\(path) has shape \(entry.shape)\(shape.map { ", not \($0)" } ?? "; one axis is needed").")
        }
        let count = entry.shape.reduce(1, *)
        // Bounded by the file's size: see `Manifest.check`.
        var values = [Value](repeating: 0, count: count)
        var failure: CheckpointError?
        values.withUnsafeMutableBytes { memory in
            do throws(CheckpointError) { try read(entry, into: memory) } catch { failure = error }
        }
        if let failure { throw failure }
        return values
    }

    /// A JSON document of the format's own types.
    func document<Document: Decodable>(_ path: String, as type: Document.Type) throws(CheckpointError) -> Document {
        let entry = try entry(path, .uint8, rule: .documents)
        guard entry.shape.count == 1, entry.shape[0] <= Limit.documentBytes else {
            throw .broken(.documents, "/\(path) is no JSON document of a size that a checkpoint can have.")
        }
        let bytes: [UInt8] = try values(path, .uint8, rule: .documents)
        if let complaint = StrictJSON.complaint(about: bytes) {
            throw .broken(.documents, "/\(path) is no JSON to rely on: \(complaint).")
        }
        do { return try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
            throw .broken(.documents, "/\(path) is not the JSON document of the format: \(error)", error)
        }
    }

    /// The names right below a group, of datasets and groups.
    func members(_ group: String) -> [String] {
        let prefix = group + "/"
        var names: [String] = []
        for entry in manifest.datasets where entry.path.hasPrefix(prefix) {
            let name = String(entry.path.dropFirst(prefix.count).prefix { $0 != "/" })
            if names.last != name { names.append(name) }
        }
        return names
    }

    /// The paths of the datasets below a group, relative to it.
    func descendants(_ group: String) -> [String] {
        let prefix = group + "/"
        return manifest.datasets.filter { $0.path.hasPrefix(prefix) }.map { String($0.path.dropFirst(prefix.count)) }
    }
}
