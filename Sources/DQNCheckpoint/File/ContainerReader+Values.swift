internal import DQNModel
internal import Foundation

extension ContainerReader {
    /// Returns the manifest's entry for a path and checks its type.
    func entry(_ path: String, _ type: ElementType, rule: Rule) throws(CheckpointError) -> Manifest.Entry {
        guard let entry = manifest[path] else { throw .broken(rule, "The file has no /\(path).") }
        guard entry.type == type else {
            throw .broken(rule, "/\(path) is \(entry.type.rawValue), not \(type.rawValue).")
        }
        return entry
    }

    /// Returns all elements of a dataset that has one axis or exactly the given shape.
    func values<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ path: String, _ type: ElementType, shape: [Int]? = nil, rule: Rule
    ) throws(CheckpointError) -> [Value] {
        let entry = try entry(path, type, rule: rule)
        guard shape.map({ $0 == entry.shape }) ?? (entry.shape.count == 1) else {
            throw .broken(
                rule, "/\(path) has shape \(entry.shape)\(shape.map { ", not \($0)" } ?? "; it must have one axis").")
        }
        let count = entry.shape.reduce(1, *)
        // The file's size bounds this: see `Manifest.check`.
        var values = [Value](repeating: 0, count: count)
        var failure: CheckpointError?
        values.withUnsafeMutableBytes { memory in
            do throws(CheckpointError) { try read(entry, into: memory) } catch { failure = error }
        }
        if let failure { throw failure }
        return values
    }

    /// Decodes a JSON document.
    func document<Document: Decodable>(_ path: String, as type: Document.Type) throws(CheckpointError) -> Document {
        try document(path, try json(path).bytes, as: type)
    }

    /// Decodes a JSON document that has been read.
    func document<Document: Decodable>(
        _ path: String, _ bytes: [UInt8], as type: Document.Type
    ) throws(CheckpointError) -> Document {
        do { return try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
            throw .broken(.documents, "/\(path) does not match the format: \(error)", error)
        }
    }

    /// Reads a JSON document within its limits, without giving it a meaning.
    func json(_ path: String) throws(CheckpointError) -> (bytes: [UInt8], value: JSONValue) {
        let entry = try entry(path, .uint8, rule: .documents)
        let limit = DocumentLimit(path)
        guard entry.shape.count == 1 else { throw .broken(.documents, "/\(path) is not a JSON document.") }
        if let complaint = limit.complaint(entry.shape[0]) { throw .broken(.documents, "/\(path) \(complaint).") }
        findings.documentBytes += entry.shape[0]
        guard findings.documentBytes <= Limit.allDocumentBytes else {
            throw .broken(
                .documents,
                "'\(self.path)' has documents of more than \(Limit.allDocumentBytes >> 20) MiB in all, with /\(path).")
        }
        let bytes: [UInt8] = try values(path, .uint8, rule: .documents)
        do { return (bytes, try JSONText.value(of: bytes, valueLimit: limit.values)) } catch {
            throw .broken(.documents, "/\(path) is invalid JSON: \(error).")
        }
    }

    /// Returns the names of the datasets and groups directly below a group.
    func members(_ group: String) -> [String] {
        var names: [String] = []
        for entry in manifest.below(group) {
            let name = String(entry.path.utf8.dropFirst(group.utf8.count + 1).prefix { $0 != UInt8(ascii: "/") }) ?? ""
            if names.last != name { names.append(name) }
        }
        return names
    }

    /// Returns the paths of all datasets below a group, relative to it.
    func descendants(_ group: String) -> [String] {
        manifest.below(group).map { String($0.path.dropFirst(group.count + 1)) }
    }
}
