internal import DQNModel

/// A file open for reading, from which another one can be written.
///
/// `@unchecked Sendable`: created, used and released within one call of `HDF5.perform`, so on the HDF5 thread.
final class OpenContainer: @unchecked Sendable {
    let reader: ContainerReader

    init(_ reader: consuming ContainerReader) { self.reader = reader }

    /// Returns a cursor over the elements of a replay column that was left in the file.
    func cursor(of array: StoredArray) throws(CheckpointError) -> ReplayCursor {
        guard let (snapshot, _) = array.replay, let entry = reader.manifest[array.path] else {
            preconditionFailure("a column left in a file must be one of its replays'")
        }
        return try reader.cursor(of: entry, rows: min(snapshot.chunkLength, snapshot.count))
    }
}
