/// A safe Swift interface to libhdf5: handles that cannot leak, typed reads and writes, complete errors.
///
/// | to | use |
/// |---|---|
/// | run any of it | ``HDF5/perform(_:)``, whose closure gets a ``HDF5/Session`` |
/// | create or open a file | ``HDF5/Session/createFile(_:mode:userBlock:)``, ``HDF5/Session/openFile(_:mode:)`` |
/// | list, create and inspect objects | ``HDF5/Group`` |
/// | read and write arrays | ``HDF5/Dataset`` |
/// | read and write attributes | ``HDF5/AttributeValue`` with ``HDF5/Group/setAttribute(_:to:)`` |
/// | handle errors | ``HDF5Error`` |
///
/// ```swift
/// let weights = try HDF5.perform { session throws(HDF5Error) in
///     let file = try session.openFile("model.h5", mode: .readOnly)
///     let root = try file.root()
///     return try root.read("layers/0/weight", as: Float.self, shape: [64, 4])
/// }
/// ```
///
/// Only hard links are followed, at every component of a path. No plug-in is loaded and no external file is opened.
/// Files opened for reading are checked before libhdf5 parses them: see `docs/preflight.md`.
package enum HDF5 {
    /// Runs `body` on the process's one HDF5 thread and returns its result.
    ///
    /// libhdf5 is not thread-safe in every build and keeps its errors per thread, so one thread makes all calls, in the
    /// order of their arrival. A call within `body` runs at once. Handles are neither copyable nor sendable and `body`
    /// captures nothing mutable, so no handle can leave it.
    ///
    /// - Throws: the error of `body`. If the thread or the library could not be started, the session's first call
    ///   throws.
    package static func perform<Value: Sendable, Failure: Error>(
        _ body: @Sendable (borrowing Session) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try OwnerThread.shared.run(body)
    }

    /// The version of libhdf5: `1.10.8`, for example.
    package static var libraryVersion: String { OwnerThread.shared.libraryVersion }
}
