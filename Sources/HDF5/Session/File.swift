internal import CHDF5

extension HDF5 {
    /// An open file. Close it to learn whether everything reached the system; dropping it closes it silently.
    public struct File: ~Copyable {
        let handle: Handle
        /// The path it was opened by.
        public let path: String
    }
}

@available(*, unavailable)
extension HDF5.File: Sendable {}

extension HDF5.File {
    /// The file's root group.
    ///
    /// - Throws: ``HDF5Error``: `callFailed` when the file has none: damage; `layoutNotAllowed` when its members, in a file
    ///   that is only read, are not found as libhdf5 has it.
    public func root() throws(HDF5Error) -> HDF5.Group {
        let id = H5Gopen2(handle.id, "/", chdf5_default_list())
        let handle = try Library.own(id, as: .group, "H5Gopen2", "The root group of \(path) could not be opened.")
        var intent: UInt32 = 0
        try Library.check(H5Fget_intent(self.handle.id, &intent), "H5Fget_intent")
        // What is being written is this process's own, and in part in the library's caches alone.
        let judged = intent & chdf5_access_read_write() == 0 ? JudgedObjects() : nil
        try judged?.judge(.group(""), of: handle.id, at: HDF5.Group.address(of: ".", in: handle.id))
        return HDF5.Group(handle: handle, path: "", judged: judged)
    }

    /// Bytes of the file, as the system tells.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`).
    public func byteCount() throws(HDF5Error) -> Int {
        var size: hsize_t = 0
        try Library.check(H5Fget_filesize(handle.id, &size), "H5Fget_filesize")
        return Int(clamping: size)
    }

    /// Bytes at the head of the file that are not HDF5's.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`).
    public func userBlockByteCount() throws(HDF5Error) -> Int {
        let list = try Library.own(H5Fget_create_plist(handle.id), as: .propertyList, "H5Fget_create_plist")
        var size: hsize_t = 0
        try Library.check(H5Pget_userblock(list.id, &size), "H5Pget_userblock")
        return Int(clamping: size)
    }

    /// Writes out and closes the file. What was written is then in the system's hands, not yet on the disk:
    /// that takes an `fsync`.
    ///
    /// - Throws: ``HDF5Error``: `callFailed`, also for an earlier failure to close an object that was dropped
    ///   without being closed; `objectsStillOpen` when an object of the file is open (the file is closed).
    public consuming func close() throws(HDF5Error) {
        let path = path
        let open = H5Fget_obj_count(handle.id, chdf5_local_objects())
        let earlier = Library.unreportedFailure
        Library.unreportedFailure = nil
        try handle.close()
        if let earlier { throw earlier }
        guard open <= 0 else {
            throw HDF5Error(
                code: .objectsStillOpen,
                message: "The file \(path) was closed while \(open) of its objects were open; close them first.")
        }
    }
}
