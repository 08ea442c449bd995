internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Recognises files of other programs by their contents, to name them in the error of a reader that expects a checkpoint.
///
/// Nothing of such a file is parsed beyond what tells it from others, and nothing of it is shown.
package struct ForeignFile {
    /// Bytes of the file's beginning and of its end that are searched.
    private static let searchedBytes = 1 << 20
    /// What a user can do with a file of another program.
    static let remedy =
        "Only checkpoints of swift-dqn can be read here; dqn-checkpoint import makes one of a policy of "
        + "Stable-Baselines3, of PyTorch weights, Keras files, ONNX models, safetensors or NumPy arrays (.npz)."

    let beginning: [UInt8]
    let end: [UInt8]
    let byteCount: Int

    /// - Returns: `nil` if the file cannot be read.
    private init?(_ path: String) {
        guard let file = try? RegularFile(path, followingLinks: true),
            let beginning = try? file.read(Self.searchedBytes),
            let end = try? file.read(Self.searchedBytes, at: max(file.byteCount - Self.searchedBytes, 0))
        else { return nil }
        self.beginning = beginning
        self.end = end
        byteCount = file.byteCount
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        beginning = Array(bytes.prefix(Self.searchedBytes))
        end = Array(bytes.suffix(Self.searchedBytes))
        byteCount = bytes.count
    }

    /// Words for what the contents of a file are, such as "a Python pickle"; `nil` for unknown ones.
    package static func words(of contents: ArraySlice<UInt8>) -> String? { ForeignFile(contents).words }

    /// Words for what a file is, such as "a PyTorch model or checkpoint"; `nil` for a file that is a checkpoint, or was one
    /// before it was damaged.
    static func words(_ path: String) -> String? {
        guard let file = ForeignFile(path) else { return nil }
        if file.contains(FileLayout.formatName) { return nil }
        return file.words
    }

    private var words: String? {
        if byteCount == 0 { return "an empty file" }
        if beginning.allSatisfy({ $0 == 0 }), end.allSatisfy({ $0 == 0 }) {
            return "a file of zeros, as a power failure may leave"
        }
        return hdf5Words ?? archiveWords ?? signatureWords ?? structureWords ?? textWords
    }

    /// Whether a text occurs at the file's beginning or end.
    func contains(_ text: String) -> Bool {
        let bytes = Data(text.utf8)
        return Data(beginning).range(of: bytes) != nil || Data(end).range(of: bytes) != nil
    }

    /// Whether the file has the given bytes at an offset.
    func has(_ bytes: some Sequence<UInt8>, at offset: Int = 0) -> Bool {
        beginning.dropFirst(offset).starts(with: bytes)
    }

    /// Formats with a signature, and where it is.
    private static let signatures: [([UInt8], Int, String)] = [
        (
            [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], 0,
            "a PyTorch model or checkpoint (the older format, a pickle)"
        ),
        ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], 0, "a NumPy array (.npy)"),
        (Array("ustar".utf8), 257, "a tar archive"),
        ([0x1F, 0x8B], 0, "a file compressed with gzip"),
        (Array("BZh".utf8), 0, "a file compressed with bzip2"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], 0, "a file compressed with xz"),
        ([0x28, 0xB5, 0x2F, 0xFD], 0, "a file compressed with Zstandard"),
        ([0x04, 0x22, 0x4D, 0x18], 0, "a file compressed with LZ4"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, "a 7-Zip archive"),
        (Array("TFL3".utf8), 4, "a TensorFlow Lite model"),
        (Array("GGUF".utf8), 0, "a GGUF model"),
        (Array("CDF".utf8), 0, "a NetCDF file"),
        ([0x0E, 0x03, 0x13, 0x01], 0, "an HDF4 file"),
        (Array("MATLAB 5".utf8), 0, "a MATLAB file"),
        (Array("SQLite format 3".utf8), 0, "an SQLite database"),
        ([0x7F, 0x45, 0x4C, 0x46], 0, "a program or shared library"),
        ([0x89, 0x50, 0x4E, 0x47], 0, "a PNG picture"), ([0xFF, 0xD8, 0xFF], 0, "a JPEG picture"),
        (Array("GIF8".utf8), 0, "a GIF picture"), (Array("ftyp".utf8), 4, "an MP4 video"),
        (Array("%PDF".utf8), 0, "a PDF document"),
        (
            Array("version https://git-lfs".utf8), 0,
            "a pointer of Git LFS, not the file itself (git lfs pull fetches it)"
        ),
    ]

    private var signatureWords: String? {
        if let (_, _, words) = Self.signatures.first(where: { has($0.0, at: $0.1) }) { return words }
        if end.suffix(8).elementsEqual([0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]) {
            return "the index of a TensorFlow checkpoint"
        }
        // Protocols 2 to 5 begin with their number; older ones have no signature.
        if beginning.count > 2, beginning[0] == 0x80, (2...5).contains(beginning[1]), end.last == UInt8(ascii: ".") {
            return "a Python pickle, which is a program and is never loaded"
        }
        return isMessagePack ? "a MessagePack file, as Flax writes" : nil
    }

    /// Whether the file is a map of MessagePack whose first key is a short text, and whose first value is a map, too, or an
    /// array of Flax.
    private var isMessagePack: Bool {
        guard beginning.count > 2, (0x81...0x8F).contains(beginning[0]), beginning[1] & 0xE0 == 0xA0 else {
            return false
        }
        let length = Int(beginning[1] & 0x1F)
        guard length > 0, beginning.count > 2 + length else { return false }
        let value = beginning[2 + length]
        return beginning[2..<(2 + length)].allSatisfy { (0x20..<0x7F).contains($0) }
            && ((0x80...0x8F).contains(value) || (0xC7...0xC9).contains(value) || [0xDE, 0xDF].contains(value))
    }

    private var textWords: String? {
        // A character may be cut off.
        let sample = beginning.prefix(4096)
        let text = String(decoding: sample, as: UTF8.self)
        let isText = text.unicodeScalars.dropLast().allSatisfy {
            $0.value >= 0x20 && $0 != "\u{FFFD}" && $0.value != 0x7F
                || "\t\n\r\u{C}\u{FEFF}".unicodeScalars.contains($0)
        }
        guard isText else { return nil }
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if start.hasPrefix("{") || start.hasPrefix("[") { return "a JSON document" }
        if start.lowercased().hasPrefix("<!doctype html") || start.lowercased().hasPrefix("<html") {
            return "a web page, perhaps of a failed download"
        }
        return "a text file"
    }
}
