/// How the files of a format version are laid out.
enum ContainerLayout: Sendable {
    /// HDF5 from the first byte, every dataset contiguous: before 2.0.
    case plain
    /// A ``Seal`` before the HDF5 part, and replays in compressed chunks: from 2.0 on.
    case sealed

    /// Returns the rows per chunk of a replay column; `nil` if the column is contiguous.
    func chunkRows(count: Int, chunkLength: Int, bytesPerRow: Int) -> Int? {
        self == .sealed && bytesPerRow > 0 ? min(chunkLength, count) : nil
    }
}

/// A format version that a reader accepts, and its layout.
struct ContainerVersion: Sendable {
    /// The version as files write it, as in `1.0`.
    let name: String
    let layout: ContainerLayout
}

/// The state of a file's seal when the container is opened.
enum SealStatus: Sendable {
    /// The layout has no seal.
    case absent
    /// The seal is written after the rest of the file has been read back.
    case pending(version: String)
    /// The seal matches every byte of the file.
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
