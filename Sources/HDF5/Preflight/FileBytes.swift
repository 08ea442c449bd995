internal import CHDF5
internal import DQNSupport
internal import Foundation

/// The bytes of an open file, read without libhdf5: for structures that are validated before the library decodes them.
struct FileBytes: ~Copyable {
    // Keeps the file open, and with it the descriptor.
    private let file: Handle
    /// Where the bytes are, as long as the file is open.
    let source: Source

    /// Where a file's bytes are.
    struct Source {
        fileprivate let descriptor: Int32
        /// Size of the user block: the library's addresses are relative to its end.
        fileprivate let base: UInt64
    }

    /// Costs less than the other initialiser.
    ///
    /// - Parameters:
    ///   - object: an open object of a file opened for reading.
    ///   - source: taken from an earlier value of the same file.
    init(of object: hid_t, at source: Source) throws(HDF5Error) {
        file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        self.source = source
    }

    /// - Parameter object: an open object of the file.
    init(of object: hid_t) throws(HDF5Error) {
        let file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        var intent: UInt32 = 0
        try Library.check(H5Fget_intent(file.id, &intent), "H5Fget_intent")
        if intent & chdf5_access_read_write() != 0 {
            // What was written may still be in the library's caches.
            try Library.check(H5Fflush(file.id, H5F_SCOPE_LOCAL), "H5Fflush")
        }
        let list = try Library.own(H5Fget_create_plist(file.id), as: .propertyList, "H5Fget_create_plist")
        var (addressBytes, lengthBytes) = (0, 0)
        try Library.check(H5Pget_sizes(list.id, &addressBytes, &lengthBytes), "H5Pget_sizes")
        guard addressBytes == 8, lengthBytes == 8 else {
            throw HDF5Error(
                code: .layoutNotAllowed,
                message:
                    "The file has addresses of \(addressBytes) bytes and lengths of \(lengthBytes) bytes; both must have "
                    + "8 bytes.")
        }
        var userBlock: hsize_t = 0
        try Library.check(H5Pget_userblock(list.id, &userBlock), "H5Pget_userblock")
        source = Source(descriptor: try Library.descriptor(of: file.id), base: userBlock)
        self.file = file
    }

    /// The maximum number of children of a node of a group's B-tree, and of entries of a symbol table node.
    func groupCapacities() throws(HDF5Error) -> (tree: Int, node: Int) {
        let list = try Library.own(H5Fget_create_plist(file.id), as: .propertyList, "H5Fget_create_plist")
        var (tree, node): (UInt32, UInt32) = (0, 0)
        try Library.check(H5Pget_sym_k(list.id, &tree, &node), "H5Pget_sym_k")
        return (2 * Int(tree), 2 * Int(node))
    }

    /// Reads up to `count` bytes at one of the library's addresses; fewer at the end of the file.
    func read(_ count: Int, at address: UInt64) throws(HDF5Error) -> [UInt8] {
        let (sum, overflow) = source.base.addingReportingOverflow(address)
        guard !overflow, let start = Int(exactly: sum), !start.addingReportingOverflow(count).overflow else {
            return []
        }
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
