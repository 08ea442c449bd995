internal import CHDF5
internal import DQNSupport
internal import Foundation

extension HDF5 {
    /// Access to files, valid during one ``HDF5/perform(_:)``.
    package struct Session: ~Copyable {
        let failure: HDF5Error?
    }

    /// What to do if a file to be created exists.
    package enum CreateMode: Sendable {
        /// Throw an error.
        case exclusive
        /// Replace its contents.
        case truncate
    }

    /// The access to an opened file.
    package enum OpenMode: Sendable {
        /// For reading only.
        case readOnly
        /// For reading and writing.
        case readWrite
    }
}

@available(*, unavailable)
extension HDF5.Session: Sendable {}

extension HDF5.Session {
    /// Creates a file in the format of HDF5 1.8, without times or creation order: equal calls write equal bytes.
    ///
    /// - Parameter userBlock: size of the block of zeros at the head of the file that is the caller's: 0, or a power of
    ///   two of at least 512.
    /// - Throws: ``HDF5Error``: `fileExists` in exclusive mode, `fileMissing` if the folder does not exist,
    ///   `cannotOpen`.
    package func createFile(
        _ path: String, mode: HDF5.CreateMode = .exclusive, userBlock: Int = 0
    ) throws(HDF5Error) -> HDF5.File {
        try requireLibrary()
        try Self.requireName(path)
        if case .exclusive = mode, Self.exists(path) {
            throw HDF5Error(
                code: .fileExists, message: "The file \(path) exists; remove it or choose another name.")
        }
        let creation = try Library.own(H5Pcreate(chdf5_file_creation()), as: .propertyList, "H5Pcreate")
        try Library.check(H5Pset_obj_track_times(creation.id, false), "H5Pset_obj_track_times")
        try Library.check(H5Pset_userblock(creation.id, hsize_t(userBlock)), "H5Pset_userblock")
        let access = try Self.access()
        let flags = if case .exclusive = mode { chdf5_access_exclusive() } else { chdf5_access_truncate() }
        let id = H5Fcreate(path, flags, creation.id, access.id)
        guard id >= 0 else { throw Self.openFailure("created", path, "H5Fcreate") }
        return try Self.file(id, path)
    }

    /// Opens an existing file, after its superblock and its root group's header have been validated.
    ///
    /// - Throws: ``HDF5Error``: `fileMissing`, `notHDF5` for anything without the format's signature (an empty file
    ///   too), `layoutNotAllowed` for what libhdf5 cannot parse safely and for files of HDF5 1.10 and later,
    ///   `cannotOpen` for other damage, missing permissions, or a file that this process has open with other access.
    package func openFile(
        _ path: String, mode: HDF5.OpenMode
    ) throws(HDF5Error) -> HDF5.File {
        try requireLibrary()
        try Self.requireName(path)
        guard Self.exists(path) else {
            throw HDF5Error(code: .fileMissing, message: "There is no file \(path).")
        }
        let judge = FileJudge(path)
        let access = try Self.access(judging: judge)
        let flags = if case .readOnly = mode { chdf5_access_read_only() } else { chdf5_access_read_write() }
        let id = H5Fopen(path, flags, access.id)
        guard id >= 0 else {
            let failure = Self.openFailure("opened", path, "H5Fopen")
            throw judge.failure ?? failure
        }
        // What is written to a file may be in the library's caches only, so its bytes are not validated any more.
        let headers = if case .readOnly = mode { judge.headers } else { nil as ValidatedHeaders? }
        return try Self.file(id, path, headers)
    }

    private func requireLibrary() throws(HDF5Error) {
        if let failure { throw failure }
    }

    private static func requireName(_ path: String) throws(HDF5Error) {
        if path.isEmpty || path.utf8.contains(0) {
            throw HDF5Error(
                code: .invalidArgument, message: "A file's path must not be empty or contain a zero byte.")
        }
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }

    private static func openFailure(_ verb: String, _ path: String, _ operation: String) -> HDF5Error {
        let failure = Library.failure(operation, "")
        let number = failure.systemErrorNumber
        let reason = number.map { ": \(SystemError($0))" } ?? ""
        return HDF5Error(
            code: number == ENOENT || number == ENOTDIR ? .fileMissing : .cannotOpen,
            message: "The file \(path) could not be \(verb)\(reason).", operation: operation, stack: failure.stack)
    }

    /// Takes ownership of a file that the library has just opened.
    private static func file(
        _ id: hid_t, _ path: String, _ headers: ValidatedHeaders? = nil
    ) throws(HDF5Error) -> HDF5.File {
        let handle = Handle(id: id, kind: .file)
        // libhdf5 opens files without O_CLOEXEC: a child process would keep them open, and a deleted file's space with
        // them.
        let descriptor = try Library.descriptor(of: id)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        headers?.use(descriptor)
        return HDF5.File(handle: handle, path: path, headers: headers)
    }

    /// How files are accessed: the plain file driver without locks, 1.8 format, closing a file closes all of it.
    ///
    /// No file is ever locked: a file is written once, under its writer's own lock, and is never modified after that.
    /// See `chdf5_register_driver_without_locks` for what a lock would cost.
    ///
    /// - Parameter judge: decides whether the file is opened; it must outlive the call that opens it.
    private static func access(judging judge: FileJudge? = nil) throws(HDF5Error) -> Handle {
        let list = try Library.own(H5Pcreate(chdf5_file_access()), as: .propertyList, "H5Pcreate")
        var information = Library.driverInformation
        if let judge {
            information.judge = judgeFile
            information.context = Unmanaged.passUnretained(judge).toOpaque()
        }
        try Library.check(H5Pset_driver(list.id, Library.driver, &information), "H5Pset_driver")
        try Library.check(
            H5Pset_libver_bounds(list.id, H5F_LIBVER_V18, H5F_LIBVER_V18), "H5Pset_libver_bounds")
        try Library.check(H5Pset_fclose_degree(list.id, H5F_CLOSE_STRONG), "H5Pset_fclose_degree")
        return list
    }
}
