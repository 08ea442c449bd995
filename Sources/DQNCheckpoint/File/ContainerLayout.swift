/// How the files of a format version lie on the disk.
enum ContainerLayout: Sendable {
    /// HDF5 from the first byte, every dataset contiguous: before 2.0.
    case plain
    /// A ``Seal`` before the HDF5 part, and replays in compressed chunks: from 2.0 on.
    case sealed

    /// Rows of a chunk of a replay column; `nil` where the column is contiguous.
    func chunkRows(count: Int, chunkLength: Int, bytesPerRow: Int) -> Int? {
        self == .sealed && bytesPerRow > 0 ? min(chunkLength, count) : nil
    }
}

/// A format version that a reader accepts.
struct ContainerVersion: Sendable {
    /// The version as files write it, as in `1.0`.
    let name: String
    let layout: ContainerLayout
}

/// What stands in the room for a seal when a container is opened.
enum SealStatus: Sendable {
    /// The file has no room for a seal.
    case absent
    /// Room for a seal, which is written once the rest of the file has been read back.
    case pending(version: String)
    /// A seal that matches every byte of the file.
    case verified(Seal)

    /// The format version that the seal names.
    var version: String? {
        switch self {
        case .absent: nil
        case .pending(let version): version
        case .verified(let seal): seal.version
        }
    }
}
