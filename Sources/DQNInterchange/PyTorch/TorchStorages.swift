internal import DQNModel

/// The storages that a pickle refers to, each once.
final class TorchStorages {
    private let name: String
    /// The most bytes of a key, which a short pickle may repeat many times.
    private static let keyBytes = 256
    private var table: [String: TorchStorage] = [:]

    init(_ name: String) { self.name = name }

    /// The storages in the order of their keys.
    var all: [TorchStorage] { table.values.sorted { $0.key < $1.key } }

    func named(_ key: String) -> TorchStorage? { table[key] }

    /// Returns the storage of an identifier: `('storage', type, key, device, count, …)`.
    func storage(_ items: [PickleValue]) throws(InterchangeError) -> TorchStorage {
        guard items.count >= 5, case .text("storage") = items[0], case .name(let type, let typeName) = items[1],
            case .text(let key) = items[2], case .integer(let number) = items[4]
        else { throw .malformed("\(name) refers to something that is no storage.") }
        guard key.utf8.count <= Self.keyBytes else {
            throw .malformed("\(name) has a storage with a key of \(key.utf8.count) bytes.")
        }
        let element: ForeignTensor.Element
        switch type {
        case .storage(let named): element = named
        case .untypedStorage: element = .uint8
        default: throw .malformed("\(name) has a storage of the type '\(typeName)'.")
        }
        if items.count > 5, case .none = items[5] {
        } else if items.count > 5 {
            throw .notRepresentable(
                "\(name) has a view of a storage, as very old versions of PyTorch wrote; save it anew.")
        }
        guard let count = Int(exactly: number), (0...ForeignTensor.countLimit).contains(count) else {
            throw .malformed("\(name) has a storage of \(number) elements.")
        }
        if let known = named(key) {
            guard known.element == element, known.count == count else {
                throw .malformed("\(name) describes the storage '\(key)' in two ways.")
            }
            return known
        }
        let storage = TorchStorage(key: key, element: element, count: count)
        table[key] = storage
        return storage
    }

    /// Sets the contents of a storage.
    func fill(_ storage: TorchStorage, _ bytes: ArraySlice<UInt8>) throws(InterchangeError) {
        guard bytes.count == storage.count * storage.element.byteCount else {
            throw .malformed(
                "\(name) has \(bytes.count) bytes in the storage '\(storage.key)' of \(storage.count) "
                    + "\(storage.element.rawValue).")
        }
        storage.bytes = bytes
    }
}
