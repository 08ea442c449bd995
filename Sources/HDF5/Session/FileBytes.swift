internal import CHDF5
internal import Foundation

/// The bytes of an open file below the library: for what must be judged before the library decodes it.
struct FileBytes: ~Copyable {
    // Keeps the file open, and with it the descriptor.
    private let file: Handle
    private var descriptor: Int32 { place.descriptor }
    private var base: UInt64 { place.base }
    /// Where the bytes are, as long as the file is open.
    let place: Place

    /// Where a file's bytes are.
    struct Place {
        fileprivate let descriptor: Int32
        /// Bytes of the user block: the library's addresses count from behind it.
        fileprivate let base: UInt64
    }

    /// - Parameters:
    ///   - object: an open object of a file that is only read.
    ///   - place: found by an earlier one of the same file, which is why it costs less.
    init(of object: hid_t, at place: Place) throws(HDF5Error) {
        file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        self.place = place
    }

    /// - Parameter object: an open object of the file.
    init(of object: hid_t) throws(HDF5Error) {
        let file = try Library.own(H5Iget_file_id(object), as: .file, "H5Iget_file_id")
        var intent: UInt32 = 0
        try Library.check(H5Fget_intent(file.id, &intent), "H5Fget_intent")
        if intent & chdf5_access_read_write() != 0 {
            // What was written may still be in the library's caches alone.
            try Library.check(H5Fflush(file.id, H5F_SCOPE_LOCAL), "H5Fflush")
        }
        let list = try Library.own(H5Fget_create_plist(file.id), as: .propertyList, "H5Fget_create_plist")
        var (addressBytes, lengthBytes) = (0, 0)
        try Library.check(H5Pget_sizes(list.id, &addressBytes, &lengthBytes), "H5Pget_sizes")
        guard addressBytes == 8, lengthBytes == 8 else {
            throw HDF5Error(
                code: .layoutNotAllowed,
                message:
                    "The file has addresses of \(addressBytes) and lengths of \(lengthBytes) bytes; write it with 8 of each."
            )
        }
        var userBlock: hsize_t = 0
        try Library.check(H5Pget_userblock(list.id, &userBlock), "H5Pget_userblock")
        place = Place(descriptor: try Library.descriptor(of: file.id), base: userBlock)
        self.file = file
    }

    /// How many children a node of a group's tree has room for, and how many members a node of a symbol table.
    func groupCapacities() throws(HDF5Error) -> (tree: Int, table: Int) {
        let list = try Library.own(H5Fget_create_plist(file.id), as: .propertyList, "H5Fget_create_plist")
        var (tree, table): (UInt32, UInt32) = (0, 0)
        try Library.check(H5Pget_sym_k(list.id, &tree, &table), "H5Pget_sym_k")
        return (2 * Int(tree), 2 * Int(table))
    }

    /// Up to `count` bytes at an address of the library; fewer where the file ends.
    func read(_ count: Int, at address: UInt64) throws(HDF5Error) -> [UInt8] {
        let (sum, overflow) = base.addingReportingOverflow(address)
        guard !overflow, let start = Int(exactly: sum), !start.addingReportingOverflow(count).overflow else {
            return []
        }
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // Within the buffer, which has `count` bytes: `filled` of them are in use, the rest is asked for.
                let free = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let given = pread(descriptor, free.baseAddress, count - filled, off_t(start + filled))
                if given > 0 { filled += given }
                if given == 0 { break }
                if given < 0, errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        if let failure {
            let reason = String(cString: strerror(failure))
            throw HDF5Error(
                code: .callFailed, message: "The file could not be read at byte \(start): \(reason).",
                operation: "pread")
        }
        return bytes
    }
}
