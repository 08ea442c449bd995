internal import DQNModel

extension Manifest {
    /// Why a document is not a manifest.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the document of a manifest, which may list a quarter of a million datasets: `Codable` would take ten times
    /// the memory and time.
    init(_ document: JSONValue) throws(Malformed) {
        guard case .object(let members)? = document["attributes"] else {
            throw Malformed(description: "'attributes' is not an object")
        }
        attributes = [:]
        for (name, value) in members {
            guard case .string(let text) = value else {
                throw Malformed(description: "the attribute '\(name.prefix(128))' is not a text")
            }
            attributes[name] = text
        }
        guard case .array(let items)? = document["datasets"] else {
            throw Malformed(description: "'datasets' is not an array")
        }
        guard items.count <= ContainerReader.Limit.datasets else {
            throw Malformed(
                description: "it lists \(items.count) datasets; at most \(ContainerReader.Limit.datasets) are allowed")
        }
        datasets = []
        datasets.reserveCapacity(items.count)
        for (index, item) in items.enumerated() { datasets.append(try Self.entry(item, index)) }
    }

    private static func entry(_ item: JSONValue, _ index: Int) throws(Malformed) -> Entry {
        func malformed(_ key: String, _ what: String) -> Malformed {
            Malformed(description: "'\(key)' of dataset \(index) is not \(what)")
        }
        guard let path = item["path"]?.stringValue else { throw malformed("path", "a text") }
        guard let type = item["type"]?.stringValue.flatMap(ElementType.init(rawValue:)) else {
            throw malformed("type", "a known type")
        }
        guard let sha256 = item["sha256"]?.stringValue else { throw malformed("sha256", "a text") }
        guard case .array(let extents)? = item["shape"] else { throw malformed("shape", "an array") }
        let shape = extents.compactMap(\.integerValue)
        guard shape.count == extents.count else { throw malformed("shape", "an array of integers") }
        var rows: Int?
        if let stored = item["chunk_rows"], stored != .null {
            guard let number = stored.integerValue else { throw malformed("chunk_rows", "an integer") }
            rows = number
        }
        return Entry(path: path, type: type, shape: shape, sha256: sha256, chunkRows: rows)
    }
}
