internal import DQNSupport
internal import Foundation

/// The first structure of an HDF5 file, which says where everything else is.
///
/// `H5Fopen` decodes it, what it points to, and the root group's header. Only what HDF5 writes by default is accepted:
/// a superblock of version 0, 1 or 2 without an extension and without a driver's block. An extension may replace the
/// sizes of nodes, share messages among headers, or fill libhdf5's cache from an image in the file.
struct Superblock {
    /// Where the superblock is in the file: the size of the user block. Addresses are relative to it.
    let base: UInt64
    /// The end of the HDF5 part, from the start of the file.
    let end: UInt64
    /// The address of the root group's header.
    let root: UInt64
    /// The addresses of the root group's B-tree and heap, if a superblock of version 0 or 1 repeats them.
    let cachedTable: (tree: UInt64, heap: UInt64)?

    private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    /// The size of the longest superblock, of version 1.
    private static let largest = 100
    /// The default sizes of a group's B-tree and symbol table nodes and of a chunk's B-tree, as half their capacities.
    private enum HalfCapacity {
        static let node: UInt64 = 4
        static let tree: UInt64 = 16
        static let chunks: UInt64 = 32
    }

    /// Reads the superblock.
    ///
    /// - Parameters:
    ///   - path: of the file, for error messages.
    ///   - descriptor: of the file.
    /// - Throws: ``HDF5Error``: `notHDF5` without a signature, `layoutNotAllowed`, `callFailed` if the file cannot be
    ///   read.
    init(of path: String, _ descriptor: Int32) throws(HDF5Error) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw HDF5Error(
                code: .callFailed, message: "The file \(path) could not be inspected: \(SystemError(errno)).",
                operation: "fstat")
        }
        let size = UInt64(clamping: status.st_size)
        let whole = FileBytes.Source(descriptor: descriptor, base: 0, end: size)
        let base = try Self.place(in: whole, path)
        let source = FileBytes.Source(descriptor: descriptor, base: base, end: size)
        let bytes = try FileBytes(source).read(Self.largest, at: 0)
        var head = MetadataReader(.file(path), bytes)
        try head.skip(Self.signature.count)
        let version = try head.integer(1)
        let end: UInt64
        switch version {
        case 0, 1:
            // The versions of the free space, the root group's entry and shared messages, with a reserved byte.
            guard try head.integer(2) == 0 else { throw head.refusal("a superblock of an unknown kind") }
            try head.skip(1)
            guard try head.integer(1) == 0 else { throw head.refusal("a superblock of an unknown kind") }
            try head.requireSizes()
            try head.skip(1)
            guard try head.integer(2) == HalfCapacity.node, try head.integer(2) == HalfCapacity.tree else {
                throw head.refusal("groups with nodes of another size than HDF5's")
            }
            guard try head.integer(4) == 0 else { throw head.refusal("flags of an unfinished change") }
            if version == 1 {
                guard try head.integer(2) == HalfCapacity.chunks else {
                    throw head.refusal("datasets with nodes of another size than HDF5's")
                }
                try head.skip(2)
            }
            let stored = try head.integer(8)
            guard try head.integer(8) == .max else { throw head.refusal("a table of free space") }
            end = try head.endOfFile(stored: stored, base: base, size: size)
            guard try head.integer(8) == .max else { throw head.refusal("a driver's block") }
            try head.skip(8)
            root = try head.integer(8)
            let cached = try head.integer(4)
            try head.skip(4)
            switch cached {
            case 0: cachedTable = nil
            case 1: cachedTable = (try head.integer(8), try head.integer(8))
            default: throw head.refusal("a root group of an unknown kind")
            }
        case 2:
            try head.requireSizes()
            guard try head.integer(1) == 0 else { throw head.refusal("flags of an unfinished change") }
            let stored = try head.integer(8)
            guard try head.integer(8) == .max else { throw head.refusal("an extension of its superblock") }
            end = try head.endOfFile(stored: stored, base: base, size: size)
            root = try head.integer(8)
            let used = head.position
            guard try head.integer(4) == UInt64(MetadataChecksum.of(bytes.prefix(used))) else {
                throw head.refusal("a superblock with a wrong checksum")
            }
            cachedTable = nil
        default:
            throw head.refusal(
                "a superblock of version \(version), which HDF5 1.10 and later write (convert it with h5repack --high=1, or "
                    + "write it with libver=('v108', 'v108') in h5py),")
        }
        guard base + UInt64(head.position) <= end else { throw head.refusal("an end before its superblock's") }
        (self.base, self.end) = (base, end)
    }

    /// Returns where the superblock is: at the start, or at 512, 1024, 2048 and so on.
    private static func place(in source: FileBytes.Source, _ path: String) throws(HDF5Error) -> UInt64 {
        var place: UInt64 = 0
        let file = FileBytes(source)
        while place <= source.end {
            if try file.read(signature.count, at: place) == signature { return place }
            place = place == 0 ? 512 : place << 1
        }
        throw HDF5Error(
            code: .notHDF5, message: "The file \(path) is not an HDF5 file: it has no HDF5 signature.")
    }

    /// Throws unless the root group's header has the addresses that an old superblock repeats: libhdf5 can use either.
    func validateCachedTable(_ path: String, in file: borrowing FileBytes) throws(HDF5Error) {
        guard let cachedTable else { return }
        let header = try ObjectHeader(of: .group(""), at: root, in: file)
        let table = header.messages.first { $0.type == MessageType.symbolTable }
        guard var body = table?.body, try body.integer(8) == cachedTable.tree,
            try body.integer(8) == cachedTable.heap
        else { throw MetadataReader(.file(path), []).refusal("two different tables of its root group") }
    }

    /// Where the file's bytes are, for structures that the superblock leads to.
    func source(_ descriptor: Int32) -> FileBytes.Source {
        FileBytes.Source(
            descriptor: descriptor, base: base, end: end,
            capacities: (2 * Int(HalfCapacity.tree), 2 * Int(HalfCapacity.node)))
    }
}

extension MetadataReader {
    /// Reads the sizes of addresses and lengths, which must be HDF5's default.
    fileprivate mutating func requireSizes() throws(HDF5Error) {
        let (addressBytes, lengthBytes) = (try integer(1), try integer(1))
        guard addressBytes == 8, lengthBytes == 8 else {
            throw refusal(
                "addresses of \(addressBytes) bytes and lengths of \(lengthBytes) bytes instead of 8 and 8 bytes")
        }
    }

    /// Reads the address of the file's end and returns it from the start of the file.
    ///
    /// - Parameters:
    ///   - stored: where the superblock says that it is: in place, or at the start if a user block was put before a
    ///   finished file.
    ///   - base: where it is.
    ///   - size: of the file.
    fileprivate mutating func endOfFile(stored: UInt64, base: UInt64, size: UInt64) throws(HDF5Error) -> UInt64 {
        guard stored == base || stored == 0 else { throw refusal("a superblock of another place") }
        let (end, overflow) = try integer(8).addingReportingOverflow(base - stored)
        guard !overflow, end <= size else { throw refusal("\(size) bytes, less than it claims: it was cut short") }
        return end
    }
}
