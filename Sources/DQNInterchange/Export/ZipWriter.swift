internal import DQNModel
internal import Foundation

/// Writes a zip archive of stored files, without times: equal contents make equal archives.
struct ZipWriter {
    private var bytes: Data
    private var directory = Data()
    private var count = 0

    /// - Parameter capacity: About how many bytes the archive will have.
    init(capacity: Int) { bytes = Data(capacity: capacity) }

    /// Adds a file.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) if the archive becomes larger than 4 GiB.
    mutating func add(_ name: String, _ contents: Data) throws(InterchangeError) {
        let offset = bytes.count
        guard offset + contents.count + name.utf8.count + 30 < Int(UInt32.max), count < 0xfffe else {
            throw .notRepresentable(
                "The archive would have more than 4 GiB or 65,534 files; export to .safetensors instead.")
        }
        let checksum = Inflate.checksum([UInt8](contents)[...])
        // Version 2.0, no flags, stored, the first of January 1980.
        var common = Data([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0])
        for value in [UInt32(checksum), UInt32(contents.count), UInt32(contents.count)] { common.append(value) }
        common.append(contentsOf: [UInt8(name.utf8.count & 0xff), UInt8(name.utf8.count >> 8), 0, 0])
        bytes.append(contentsOf: [0x50, 0x4B, 3, 4])
        bytes.append(common)
        bytes.append(contentsOf: name.utf8)
        bytes.append(contents)
        directory.append(contentsOf: [0x50, 0x4B, 1, 2, 20, 0])
        directory.append(common)
        directory.append(contentsOf: [UInt8](repeating: 0, count: 10))
        directory.append(UInt32(offset))
        directory.append(contentsOf: name.utf8)
        count += 1
    }

    /// The archive with its directory.
    func finished() throws(InterchangeError) -> Data {
        guard bytes.count + directory.count < Int(UInt32.max) else {
            throw .notRepresentable("The archive would have more than 4 GiB; export to .safetensors instead.")
        }
        var result = bytes
        result.append(directory)
        result.append(contentsOf: [0x50, 0x4B, 5, 6, 0, 0, 0, 0])
        for _ in 0..<2 { result.append(contentsOf: [UInt8(count & 0xff), UInt8(count >> 8)]) }
        result.append(UInt32(directory.count))
        result.append(UInt32(bytes.count))
        result.append(contentsOf: [0, 0])
        return result
    }
}

extension Data {
    fileprivate mutating func append(_ value: UInt32) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
