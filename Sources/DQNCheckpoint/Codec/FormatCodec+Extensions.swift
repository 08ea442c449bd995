internal import DQNModel

extension FormatCodec {
    /// Reads the extension groups; rule 16.
    static func extensions(_ reader: borrowing ContainerReader) throws(CheckpointError) -> [ExtensionGroup] {
        var groups: [ExtensionGroup] = []
        for owner in reader.members("extensions") {
            let group = try reader.part("extensions/\(owner)") { (reader) throws(CheckpointError) in
                try extensionGroup(owner, reader)
            }
            if let group { groups.append(group) }
        }
        return groups
    }

    /// Reads the descriptors of the extension groups alone; rule 16.
    ///
    /// - Returns: The owners that a reader must understand.
    static func requiredExtensions(_ reader: borrowing ContainerReader) throws(CheckpointError) -> [String] {
        var owners: [String] = []
        for owner in reader.members("extensions") where try descriptor(owner, reader).mustUnderstand {
            owners.append(owner)
        }
        return owners
    }

    /// Reads the extension groups without their large arrays; rule 16.
    static func extensionSummaries(
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> [CheckpointSummary.Extension] {
        var summaries: [CheckpointSummary.Extension] = []
        for owner in reader.members("extensions").sorted() {
            let descriptor = try descriptor(owner, reader)
            let state = "extensions/\(owner)/state"
            var texts: [String: String] = [:]
            for name in reader.descendants(state) {
                let path = "\(state)/\(name)"
                guard let entry = reader.manifest[path], entry.type == .uint8, entry.shape.count == 1,
                    entry.shape[0] <= longestText
                else { continue }
                let bytes: [UInt8] = try reader.values(path, .uint8, rule: .extensions)
                // Bytes that are no text belong to the owner alone.
                texts[name] = String(validating: bytes, as: UTF8.self)
            }
            summaries.append(
                .init(
                    owner: owner, mustUnderstand: descriptor.mustUnderstand, kind: descriptor.kind,
                    version: descriptor.version, texts: texts))
        }
        return summaries
    }

    /// The maximum number of bytes of a text in a summary.
    private static var longestText: Int { 1 << 14 }

    private static func descriptor(
        _ owner: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> ExtensionDocument {
        let path = "extensions/\(owner)"
        let descriptor = try reader.document("\(path)/descriptor", as: ExtensionDocument.self)
        guard descriptor.owner == owner, PathComponent.isValid(owner),
            reader.members(path).allSatisfy({ ["descriptor", "state"].contains($0) })
        else { throw .broken(.extensions, "/\(path) is not a valid extension group of its owner.") }
        return descriptor
    }

    private static func extensionGroup(
        _ owner: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> ExtensionGroup {
        let path = "extensions/\(owner)"
        let descriptor = try descriptor(owner, reader)
        let values = try snapshotValues("\(path)/state", reader, .extensions)
        return ExtensionGroup(
            owner: owner, mustUnderstand: descriptor.mustUnderstand,
            state: StateSnapshot(kind: descriptor.kind, version: descriptor.version, values: values))
    }

    /// Reads the named arrays of a snapshot.
    static func snapshotValues(
        _ group: String, _ reader: borrowing ContainerReader, _ rule: Rule
    ) throws(CheckpointError) -> [String: StateSnapshot.Value] {
        var values: [String: StateSnapshot.Value] = [:]
        for name in reader.descendants(group) {
            let path = "\(group)/\(name)"
            guard PathComponent.isValid(name), let entry = reader.manifest[path] else {
                throw .broken(rule, "/\(path) is not part of the format.")
            }
            switch entry.type {
            case .float64: values[name] = .float64(try reader.values(path, .float64, rule: rule))
            case .float32: values[name] = .float32(try reader.values(path, .float32, rule: rule))
            case .int64: values[name] = .int64(try reader.values(path, .int64, rule: rule))
            case .uint64: values[name] = .uint64(try reader.values(path, .uint64, rule: rule))
            case .uint8: values[name] = .uint8(try reader.values(path, .uint8, rule: rule))
            case .int32: throw .broken(rule, "/\(path) is int32, which a snapshot cannot contain.")
            }
        }
        return values
    }
}
