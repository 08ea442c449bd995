internal import DQNModel
internal import Foundation

/// Writes NumPy's archives.
enum NumPyWriter {
    /// Returns an archive of float32 arrays, and the description as an array of bytes.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) for more than 4 GiB.
    static func file(_ arrays: [PolicyExport.NamedArray], description: [UInt8]) throws(InterchangeError) -> Data {
        var archive = ZipWriter(capacity: arrays.reduce(description.count) { $0 + 4 * $1.values.count + 512 })
        for array in arrays {
            var contents = header("<f4", array.shape)
            contents.append(littleEndian: array.values)
            try archive.add("\(array.name).npy", contents)
        }
        try archive.add(
            "\(PolicyExport.descriptionKey).npy", header("|u1", [description.count]) + Data(description))
        return try archive.finished()
    }

    /// The header of an array, row-major, padded so that the elements are aligned.
    private static func header(_ type: String, _ shape: [Int]) -> Data {
        let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let count = UInt8(truncatingIfNeeded: text.utf8.count)
        return Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, count, UInt8(text.utf8.count >> 8)] + Array(text.utf8))
    }
}
