internal import DQNModel

/// Reads what `torch.save` writes: the zip format, and the older one, a row of pickles with the storages behind them.
enum TorchFile {
    private static let magic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Whether bytes begin as the older format does.
    static func isLegacy(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: magic.dropLast()) }

    /// The folder of a PyTorch archive's files, with `/`, or `nil` if the archive is another program's.
    static func folder(of archive: ZipArchive) -> String? {
        archive.entries.lazy.map(\.name).first { $0.hasSuffix("/data.pkl") }.map { String($0.dropLast(8)) }
    }

    /// Reads a file of either format.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func read(
        _ bytes: ArraySlice<UInt8>, _ name: String, within outer: ZipArchive? = nil
    ) throws(InterchangeError) -> ForeignValue {
        if ZipArchive.isArchive(bytes) { return try read(try ZipArchive(bytes, name, within: outer), name) }
        guard isLegacy(bytes) else { throw .malformed("\(name) is no file of PyTorch.") }
        return try readLegacy(bytes, name, fileByteCount: outer?.fileByteCount ?? bytes.count)
    }

    static func read(_ archive: ZipArchive, _ name: String) throws(InterchangeError) -> ForeignValue {
        guard let folder = folder(of: archive) else { throw .malformed("\(name) has no 'data.pkl'.") }
        if let program = archive.entries.first(where: { $0.name.hasPrefix(folder + "code/") }) {
            throw .notRepresentable(
                "\(name) is a TorchScript program (it has '\(program.name)'), which would have to be run; save its "
                    + "weights instead: torch.save(model.state_dict(), 'weights.pth').")
        }
        if let order = try archive.contents(folder + "byteorder"), !order.elementsEqual("little".utf8) {
            throw .notRepresentable("\(name) is not little-endian; save it on a little-endian machine.")
        }
        let storages = TorchStorages(name)
        let pickle = ByteReader(try archive.required(folder + "data.pkl"), name)
        var reader = PickleReader(pickle, name, fileByteCount: archive.fileByteCount) {
            (items) throws(InterchangeError) in .storage(try storages.storage(items))
        }
        let value = try reader.value()
        for storage in storages.all {
            let contents = try archive.required("\(folder)data/\(storage.key)")
            try storages.fill(storage, contents)
        }
        return try reader.foreign(value)
    }

    private static func readLegacy(
        _ bytes: ArraySlice<UInt8>, _ name: String, fileByteCount: Int
    ) throws(InterchangeError) -> ForeignValue {
        let storages = TorchStorages(name)
        var rest = ByteReader(bytes, name)
        _ = try rest.take(magic.count)
        func pickle() throws(InterchangeError) -> (PickleReader, PickleValue) {
            var reader = PickleReader(rest, name, fileByteCount: fileByteCount) {
                (items) throws(InterchangeError) in .storage(try storages.storage(items))
            }
            let value = try reader.value()
            rest = reader.reader
            return (reader, value)
        }
        guard case .integer(1001) = try pickle().1 else {
            throw .notRepresentable("\(name) has an unknown version of PyTorch's older format.")
        }
        let (system, facts) = try pickle()
        if case .bool(false)? = try system.foreign(facts)["little_endian"] {
            throw .notRepresentable("\(name) is not little-endian; save it on a little-endian machine.")
        }
        let (object, value) = try pickle()
        let (keys, list) = try pickle()
        guard case .list(let names) = try keys.foreign(list) else {
            throw .malformed("\(name) has no list of storages.")
        }
        for item in names {
            guard case .text(let key) = item, let storage = storages.named(key) else {
                throw .malformed("\(name) lists a storage that no tensor has.")
            }
            let count = try rest.count(8)
            guard count == storage.count else {
                throw .malformed("\(name) has \(count) elements in the storage '\(key)' of \(storage.count).")
            }
            try storages.fill(storage, try rest.take(count * storage.element.byteCount))
        }
        return try object.foreign(value)
    }
}
