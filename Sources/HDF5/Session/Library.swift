internal import CHDF5

/// The state of libhdf5 itself, used on the owner thread only.
enum Library {
    /// `@unchecked Sendable`: used on the owner thread only, where all handles live.
    private final class State: @unchecked Sendable {
        var unreportedFailure: HDF5Error?
        var driver: hid_t = -1
        var driverInformation = chdf5_driver_information()
    }
    private static let state = State()

    /// The first failure of a `deinit`, which cannot throw: ``HDF5/File/close()`` throws it instead.
    static var unreportedFailure: HDF5Error? {
        get { state.unreportedFailure }
        set { state.unreportedFailure = newValue }
    }

    /// The driver that opens all files: it takes no locks.
    static var driver: hid_t { state.driver }

    /// What the driver needs to open a file, without a judge.
    static var driverInformation: chdf5_driver_information { state.driverInformation }

    static func version() -> String {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        var release: UInt32 = 0
        H5get_libversion(&major, &minor, &release)
        return "\(major).\(minor).\(release)"
    }

    /// Initialises the library, once. Returns the failure, if any.
    static func start() -> HDF5Error? {
        do throws(HDF5Error) {
            // Before all other calls. After a failed write the library's exit handler can crash the process.
            try check(H5dont_atexit(), "H5dont_atexit")
            try check(H5open(), "H5open")
            // Returns freed memory to the system; the library's own lists grow over thousands of files.
            try check(H5set_free_list_limits(0, 0, 0, 0, 0, 0), "H5set_free_list_limits")
            // Errors are thrown, not printed.
            try check(H5Eset_auto2(chdf5_error_stack(), nil, nil), "H5Eset_auto2")
            // A file must not load code into the process.
            try check(H5PLset_loading_state(0), "H5PLset_loading_state")
            state.driver = chdf5_register_driver_without_locks(&state.driverInformation)
            if state.driver < 0 { throw failure("H5FDregister", "") }
            return nil
        } catch {
            return HDF5Error(
                code: .libraryUnavailable, message: "The HDF5 library could not be initialised.",
                operation: error.operation, stack: error.stack)
        }
    }

    /// Throws if a call's status is a failure.
    static func check(
        _ status: herr_t, _ operation: String, _ message: @autoclosure () -> String = ""
    ) throws(HDF5Error) {
        if status < 0 { throw failure(operation, message()) }
    }

    /// Takes ownership of the identifier that a call returned; throws if there is none.
    static func own(
        _ id: hid_t, as kind: Handle.Kind, _ operation: String, _ message: @autoclosure () -> String = ""
    ) throws(HDF5Error) -> Handle {
        if id < 0 { throw failure(operation, message()) }
        return Handle(id: id, kind: kind)
    }

    /// Returns the answer of a yes-or-no call; throws if it failed.
    static func answer(
        _ status: htri_t, _ operation: String, _ message: @autoclosure () -> String = ""
    ) throws(HDF5Error) -> Bool {
        if status < 0 { throw failure(operation, message()) }
        return status > 0
    }

    /// The descriptor of an open file. It stays open and unchanged as long as the file is open.
    static func descriptor(of file: hid_t) throws(HDF5Error) -> Int32 {
        var pointer: UnsafeMutableRawPointer?
        try check(H5Fget_vfd_handle(file, chdf5_default_list(), &pointer), "H5Fget_vfd_handle")
        guard let pointer else { throw failure("H5Fget_vfd_handle", "") }
        // The driver returns the address of its descriptor, an `int`, which is valid while the file is open.
        return pointer.load(as: Int32.self)
    }

    /// Returns the error of a call that just failed, with the library's error stack, and clears the stack.
    static func failure(_ operation: String, _ message: String) -> HDF5Error {
        HDF5Error(
            code: .callFailed, message: message.isEmpty ? "The HDF5 call \(operation) failed." : message,
            operation: operation, stack: HDF5Error.takeStack())
    }
}
