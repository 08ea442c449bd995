import CDeflate
import DQNInterchange
import Foundation
import Testing

/// Builds files of other programs in which something may be wrong.
enum Forge {
    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The error of an import.
    static func failure(_ bytes: [UInt8]) throws -> InterchangeError {
        try #require(throws: InterchangeError.self) { try ForeignPolicy(bytes[...], name: "file", ImportOptions()) }
    }

    // MARK: Archives

    /// A file of an archive. What is `nil` is as it must be.
    struct Entry {
        var name: String
        var contents: [UInt8] = [UInt8(ascii: "1")]
        var isDeflated = false
        var flags = 0
        var method: Int?
        var size: Int?
        var header: Int?
        var attributes = 0
        /// Sizes and checksum follow the contents, and are 0 in the local header.
        var hasDescriptor = false
    }

    static func archive(_ entries: [Entry], gap: Int = 0, count: Int? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let stored = entry.isDeflated ? deflated(entry.contents) : entry.contents
            let method = number(entry.method ?? (entry.isDeflated ? 8 : 0), 2)
            let flags = number(entry.flags | (entry.hasDescriptor ? 8 : 0), 2)
            let sizes =
                number(Int(libdeflate_crc32(0, entry.contents, entry.contents.count)), 4) + number(stored.count, 4)
                + number(entry.size ?? entry.contents.count, 4)
            let lengths = number(name.count, 2) + number(0, 2)
            directory += [0x50, 0x4B, 1, 2] + number(20, 2) + number(20, 2) + flags + method + number(0, 4) + sizes
            directory += lengths + number(0, 6) + number(entry.attributes, 4) + number(entry.header ?? bytes.count, 4)
            directory += name
            bytes += [0x50, 0x4B, 3, 4] + number(20, 2) + flags + method + number(0, 4)
            bytes += entry.hasDescriptor ? number(0, 12) : sizes
            bytes += lengths + name + stored
            if entry.hasDescriptor { bytes += [0x50, 0x4B, 7, 8] + sizes }
        }
        let total = number(count ?? entries.count, 2)
        let end = number(directory.count, 4) + number(bytes.count, 4) + number(0, 2)
        return bytes + directory + [UInt8](repeating: 0, count: gap) + [0x50, 0x4B, 5, 6] + number(0, 4) + total + total
            + end
    }

    static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        let handle = libdeflate_alloc_compressor(6)
        defer { libdeflate_free_compressor(handle) }
        let room = libdeflate_deflate_compress_bound(handle, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = libdeflate_deflate_compress(handle, bytes, bytes.count, buffer.baseAddress, room)
        }
    }

    // MARK: Pickles

    /// A file of PyTorch's older format around a pickle without its end.
    static func torch(_ pickle: [UInt8]) -> [UInt8] { magic + pickle + Array(".].".utf8) }

    private static let magic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E, 0x80, 2, 0x4D, 0xE9, 3,
        0x2E,
        0x7D, 0x2E,
    ]

    static func text(_ text: String) -> [UInt8] { [UInt8(ascii: "X")] + number(text.utf8.count, 4) + Array(text.utf8) }

    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + number(value, 8) }

    static func name(_ name: String) -> [UInt8] { Array("c\(name)\n".utf8) }

    static func tuple(_ items: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "(")] + items.flatMap { $0 } + [UInt8(ascii: "t")]
    }

    /// A tensor that views the storage '0'.
    static func tensor(_ shape: [Int], _ strides: [Int], offset: Int = 0, of count: Int) -> [UInt8] {
        let storage = tuple([text("storage"), name("torch\nFloatStorage"), text("0"), text("cpu"), integer(count)])
        return name("torch._utils\n_rebuild_tensor_v2")
            + tuple([
                storage + [UInt8(ascii: "Q")], integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)),
                [0x89], name("collections\nOrderedDict") + Array(")R".utf8),
            ]) + [UInt8(ascii: "R")]
    }

    /// A file of PyTorch's older format with tensors that share the storage '0'.
    static func torch(_ members: [(name: String, tensor: [UInt8])], _ storage: [Float]) -> [UInt8] {
        let dictionary: [UInt8] =
            [UInt8(ascii: "}")] + members.flatMap { text($0.name) + $0.tensor + [UInt8(ascii: "s")] }
        return magic + dictionary + Array(".]".utf8) + text("0") + Array("a.".utf8) + number(storage.count, 8)
            + bytes(storage)
    }

    static func bytes(_ values: [Float]) -> [UInt8] { values.flatMap { number(Int($0.bitPattern), 4) } }

    // MARK: Arrays

    static func safetensors(_ header: String, _ count: Int) -> [UInt8] {
        number(header.utf8.count, 8) + Array(header.utf8) + [UInt8](repeating: 0, count: count)
    }

    static func array(_ header: String, _ contents: [UInt8], version: UInt8 = 1) -> [UInt8] {
        [0x93] + Array("NUMPY".utf8) + [version, 0] + number(header.utf8.count, version == 1 ? 2 : 4)
            + Array(header.utf8)
            + contents
    }

    static func array(_ type: String, _ shape: String, _ contents: [UInt8], isFortran: Bool = false) -> [UInt8] {
        let order = isFortran ? "True" : "False"
        return array("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n", contents)
    }

    /// A `.npz` file.
    static func arrays(_ members: [(name: String, array: [UInt8])]) -> [UInt8] {
        archive(members.map { Entry(name: "\($0.name).npy", contents: $0.array) })
    }
}
