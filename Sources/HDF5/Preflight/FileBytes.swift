internal import CHDF5
internal import DQNSupport
internal import Foundation

/// The bytes of an open file, read without libhdf5: for structures that are validated before the library decodes them.
struct FileBytes: ~Copyable {
    // Keeps a file open that libhdf5 has opened, and with it the descriptor.
    private let file: Handle?
    /// Where the bytes are, as long as the file is open.
    let source: Source

    /// Where a file's bytes are.
    struct Source {
        /// Open as long as the file is.
        var descriptor: Int32
        /// Size of the user block: the library's addresses are relative to its end.
        fileprivate let base: UInt64
        /// The end of the HDF5 part, from the start of the file; the library reads nothing beyond it.
        let end: UInt64
        /// The maximum number of children of a node of a group's B-tree, and of entries of a symbol table node.
        let capacities: (tree: Int, node: Int)

        /// Creates a description of a file's bytes.
        init(descriptor: Int32, base: UInt64, end: UInt64, capacities: (tree: Int, node: Int) = (0, 0)) {
            (self.descriptor, self.base, self.end, self.capacities) = (descriptor, base, end, capacities)
        }
    }

    /// - Parameter source: of a file whose descriptor the caller keeps open.
    init(_ source: Source) {
        file = nil
        self.source = source
    }

    /// - Parameters:
    ///   - object: an open object of a file opened for reading.
    ///   - source: from the file's superblock.
    init(of object: hid_t, at source: Source) throws(HDF5Error) {
        file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        self.source = source
    }

    /// - Parameter object: an open object of a file opened for writing.
    init(of object: hid_t) throws(HDF5Error) {
        let file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        // What was written may still be in the library's caches.
        try Library.check(H5Fflush(file.id, H5F_SCOPE_LOCAL), "H5Fflush")
        let list = try Library.own(H5Fget_create_plist(file.id), as: .propertyList, "H5Fget_create_plist")
        var userBlock: hsize_t = 0
        try Library.check(H5Pget_userblock(list.id, &userBlock), "H5Pget_userblock")
        var (tree, node): (UInt32, UInt32) = (0, 0)
        try Library.check(H5Pget_sym_k(list.id, &tree, &node), "H5Pget_sym_k")
        source = Source(
            descriptor: try Library.descriptor(of: file.id), base: userBlock, end: .max,
            capacities: (2 * Int(tree), 2 * Int(node)))
        self.file = consume file
    }

    /// Reads up to `count` bytes at one of the library's addresses; fewer at the end of the file's HDF5 part.
    func read(_ count: Int, at address: UInt64) throws(HDF5Error) -> [UInt8] {
        let (sum, overflow) = source.base.addingReportingOverflow(address)
        guard !overflow, sum < source.end, let start = Int(exactly: sum) else { return [] }
        let count = min(count, Int(clamping: source.end - sum), Int.max - start)
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // Within the buffer of `count` bytes: the first `filled` are in use, the rest is requested.
                let free = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let given = pread(source.descriptor, free.baseAddress, count - filled, off_t(start + filled))
                if given > 0 { filled += given }
                if given == 0 { break }
                if given < 0, errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        if let failure {
            let reason = SystemError(failure).description
            throw HDF5Error(
                code: .callFailed, message: "The file could not be read at byte \(start): \(reason).",
                operation: "pread")
        }
        return bytes
    }
}
