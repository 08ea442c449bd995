internal import DQNModel

/// The limits of `docs/format.md`, checked before a state is written: a file that a reader refuses could never be
/// resumed.
extension FormatCodec {
    private typealias Limit = ContainerReader.Limit

    /// Bytes of a group's names with their links. libhdf5 keeps them in a heap, of which preflight accepts 512 KiB.
    private static var nameBytes: Int { 480 << 10 }
    /// Bytes of a link besides its name.
    private static var linkBytes: Int { 20 }

    /// Checks the number of datasets, their paths and shapes, and the sizes of documents and of the manifest.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`).
    static func requireLimits(_ arrays: [StoredArray]) throws(CheckpointError) {
        guard arrays.count <= Limit.datasets else {
            throw invalid("The state has \(arrays.count) arrays; a file holds at most \(Limit.datasets).")
        }
        var documents = 0
        var manifest = 0
        var values = 0
        for array in arrays {
            let parts = array.path.utf8.count { $0 == UInt8(ascii: "/") } + 1
            guard parts <= Limit.depth else {
                throw invalid("/\(array.path) has \(parts) parts; at most \(Limit.depth) are allowed.")
            }
            guard array.shape.count <= Limit.rank else {
                throw invalid("/\(array.path) has \(array.shape.count) axes; at most \(Limit.rank) are possible.")
            }
            if array.element == .uint8, FileLayout.isDocument(array.path) { documents += array.shape[0] }
            // What a reader's parser counts, and somewhat more than the text of an entry can have.
            values += 6 + array.shape.count
            manifest += array.path.utf8.count + 180 + 21 * array.shape.count
        }
        guard documents <= Limit.allDocumentBytes else {
            throw invalid(
                "The documents of the state have \(documents) bytes; at most \(Limit.allDocumentBytes >> 20) MiB are "
                    + "allowed.")
        }
        guard manifest <= Limit.manifestBytes, values < Limit.manifestValues else {
            throw invalid(
                "The paths of the state's \(arrays.count) arrays need more than \(Limit.manifestBytes >> 20) MiB.")
        }
        try requireGroups(arrays)
    }

    private static func requireGroups(_ arrays: [StoredArray]) throws(CheckpointError) {
        var bytes: [Substring: Int] = [:]
        var seen: Set<Substring> = []
        for array in arrays {
            var path = array.path[...]
            // Stops at the first group that is known, whose own name is counted already.
            while seen.insert(path).inserted, let slash = path.lastIndex(of: "/") {
                let group = path[..<slash]
                bytes[group, default: 0] += path[slash...].utf8.count + linkBytes
                path = group
            }
        }
        if let (group, count) = bytes.min(by: { ($1.value, $0.key) < ($0.value, $1.key) }), count > nameBytes {
            throw invalid(
                "/\(group) has members whose names need \(count) bytes; at most \(nameBytes >> 10) KiB are allowed.")
        }
    }
}
