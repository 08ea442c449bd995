internal import DQNModel

/// An HDF5 file in memory, read as h5py and Keras write it.
///
/// It is read without libhdf5, whose parser trusts what it finds: every address and size is compared with the file here,
/// and what is read in total is bounded by the file's size, so that structures that refer to themselves or share their
/// contents end in an error. Read are superblocks of versions 0 to 3; groups with symbol tables or with links in their
/// headers; attributes in headers; numbers and text, also of variable length; contents that are compact, contiguous, or
/// in chunks with a version 1 B-tree, plain or compressed with deflate and shuffle.
final class HierarchicalFile {
    /// How errors call the file.
    let name: String
    private let bytes: ArraySlice<UInt8>
    /// Bytes of structures that may still be read.
    private var structures: Int
    /// Bytes of contents that may still be produced.
    private var contents: Int
    private let contentLimit: Int
    /// The address of the root group's header.
    private var rootAddress: UInt64 = 0

    // What was read before, by address.
    var headers: [UInt64: [HierarchicalMessage]] = [:]
    var links: [UInt64: [(name: String, address: UInt64)]] = [:]
    var heaps: [UInt64: [Int: ArraySlice<UInt8>]] = [:]

    /// The address of what does not exist.
    static let undefined = UInt64.max
    private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Whether bytes are an HDF5 file.
    static func isFile(_ bytes: ArraySlice<UInt8>) -> Bool { place(in: bytes) != nil }

    /// The place of the superblock: at the start, or behind a user block at 512, 1024, 2048 and so on.
    private static func place(in bytes: ArraySlice<UInt8>) -> Int? {
        var place = 0
        while place <= bytes.count - signature.count {
            if bytes[(bytes.startIndex + place)...].starts(with: signature) { return place }
            place = place == 0 ? 512 : 2 * place
        }
        return nil
    }

    /// - Parameter outer: The archive that this is a file of, whose size bounds what is read then.
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` for files of other layouts.
    init(
        _ bytes: ArraySlice<UInt8>, _ name: String, within outer: ZipArchive? = nil
    ) throws(InterchangeError) {
        self.name = name
        let fileByteCount = min(bytes.count, outer?.fileByteCount ?? bytes.count)
        contentLimit = ZipArchive.Limit.contentBytes(fileByteCount)
        guard let place = Self.place(in: bytes) else { throw .malformed("\(name) is no HDF5 file.") }
        // Addresses count from the superblock.
        self.bytes = bytes.dropFirst(place)
        structures = 16 * fileByteCount + (1 << 20)
        contents = contentLimit
        var head = ByteReader(self.bytes.dropFirst(Self.signature.count), "The superblock of \(name)")
        let version = try head.byte()
        let sizes: ArraySlice<UInt8>
        switch version {
        case 0, 1:
            _ = try head.take(4)
            sizes = try head.take(2)
            _ = try head.take(version == 0 ? 9 : 13)
            // The base address, the table of free space, the end of the file, the driver's block, the root's name.
            _ = try head.take(5 * 8)
        case 2, 3:
            sizes = try head.take(2)
            _ = try head.take(1 + 3 * 8)
        default: throw .notRepresentable("\(name) has an HDF5 superblock of the unknown version \(version).")
        }
        guard sizes.elementsEqual([8, 8]) else {
            throw .notRepresentable("\(name) has addresses or lengths of another size than 8 bytes.")
        }
        rootAddress = try head.number(8)
    }

    /// The root group.
    func root() throws(InterchangeError) -> HierarchicalObject {
        try HierarchicalObject(self, path: "", address: rootAddress)
    }

    /// Returns a reader of bytes of a structure.
    func structure(
        at address: UInt64, count: Int, _ words: @autoclosure () -> String
    ) throws(InterchangeError) -> ByteReader {
        ByteReader(try region(at: address, count: count, isStructure: true, words()), "\(words()) of \(name)")
    }

    /// Returns contents of the file without copying them.
    func region(
        at address: UInt64, count: Int, isStructure: Bool = false, _ words: @autoclosure () -> String
    ) throws(InterchangeError) -> ArraySlice<UInt8> {
        guard let start = Int(exactly: address), count >= 0, start <= bytes.count, count <= bytes.count - start else {
            throw .malformed("\(words()) of \(name) lies outside the file, which is damaged or was cut short.")
        }
        if isStructure { try visit(count + 16) }
        return bytes[(bytes.startIndex + start)..<(bytes.startIndex + start + count)]
    }

    /// Counts bytes of structures that are about to be read.
    func visit(_ count: Int) throws(InterchangeError) {
        structures -= min(count, structures + 1)
        guard structures >= 0 else {
            throw .malformed("\(name) refers to the same parts of itself again and again.")
        }
    }

    /// Counts bytes that are about to be produced.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) if they are far more than a file of this size holds.
    func produce(_ count: Int) throws(InterchangeError) {
        guard count >= 0, count <= contents else {
            throw .malformed(
                "\(name) would hold more than \(contentLimit) bytes, far more than weights do.")
        }
        contents -= count
    }
}
