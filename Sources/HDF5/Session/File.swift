internal import CHDF5

extension HDF5 {
    /// An open file. ``close()`` reports whether everything was written; releasing the file closes it silently.
    package struct File: ~Copyable {
        let handle: Handle
        /// The path it was opened with.
        package let path: String
        /// The objects of the file that libhdf5 can safely look into; `nil` for a file opened for writing.
        let headers: ValidatedHeaders?
    }
}

@available(*, unavailable)
extension HDF5.File: Sendable {}

extension HDF5.File {
    /// The file's root group.
    ///
    /// - Throws: ``HDF5Error``: `callFailed` if a damaged file has none.
    package func root() throws(HDF5Error) -> HDF5.Group {
        let id = H5Gopen2(handle.id, "/", chdf5_default_list())
        let root = try Library.own(id, as: .group, "H5Gopen2", "The root group of \(path) could not be opened.")
        let address = try headers.map { (_) throws(HDF5Error) in try Self.address(of: root.id) }
        return HDF5.Group(handle: root, path: "", headers: headers, address: address)
    }

    /// The address of the header of an open object, which is validated.
    private static func address(of id: hid_t) throws(HDF5Error) -> UInt64 {
        var kind: Int32 = 0
        var links: UInt32 = 0
        var address: UInt64 = 0
        try Library.check(
            chdf5_object_information(id, ".", &kind, &links, &address), "H5Oget_info",
            "An object could not be inspected.")
        return address
    }

    /// Size of the file.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`).
    package func byteCount() throws(HDF5Error) -> Int {
        var size: hsize_t = 0
        try Library.check(H5Fget_filesize(handle.id, &size), "H5Fget_filesize")
        return Int(clamping: size)
    }

    /// Size of the user block: the bytes at the head of the file that do not belong to HDF5.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`).
    package func userBlockByteCount() throws(HDF5Error) -> Int {
        let list = try Library.own(H5Fget_create_plist(handle.id), as: .propertyList, "H5Fget_create_plist")
        var size: hsize_t = 0
        try Library.check(H5Pget_userblock(list.id, &size), "H5Pget_userblock")
        return Int(clamping: size)
    }

    /// Writes everything to the system and closes the file. Reaching the disk also requires an `fsync`.
    ///
    /// - Throws: ``HDF5Error``: `callFailed`, also for an earlier failure to close an object that was released without
    ///   being closed; `objectsStillOpen` if an object of the file is open (the file is closed anyway).
    package consuming func close() throws(HDF5Error) {
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
