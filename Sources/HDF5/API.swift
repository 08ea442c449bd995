/// Safe Swift over libhdf5, for any file: handles that cannot leak, typed reads and writes, whole errors.
///
/// | to | use |
/// |---|---|
/// | do anything | ``HDF5/perform(_:)``, whose closure gets a ``HDF5/Session`` |
/// | create or open a file | ``HDF5/Session/createFile(_:mode:userBlock:)``, ``HDF5/Session/openFile(_:mode:)`` |
/// | walk, create and inspect objects | ``HDF5/Group`` |
/// | read and write arrays | ``HDF5/Dataset`` |
/// | read and write small facts | ``HDF5/AttributeValue`` with ``HDF5/Group/setAttribute(_:to:)`` |
/// | know what went wrong | ``HDF5Error`` |
///
/// ```swift
/// let weights = try HDF5.perform { session throws(HDF5Error) in
///     let file = try session.openFile("model.h5", mode: .readOnly)
///     let root = try file.root()
///     return try root.read("layers/0/weight", as: Float.self, shape: [64, 4])
/// }
/// ```
///
/// Only hard links are followed, at every component of a path; nothing is loaded from plug-in folders, and no
/// external file is ever opened.
public enum HDF5 {
    /// Runs `body` on the process's one HDF5 thread and waits for what it gives.
    ///
    /// libhdf5 has one global lock and keeps its errors per thread, so that all of its calls are made on one
    /// thread; calls from many threads are served one after another. A call from inside `body` runs at once.
    /// Handles are neither copyable nor sendable and `body` captures nothing mutable, so none can leave it.
    ///
    /// - Throws: what `body` throws. A failure to start the thread or the library is thrown by the session's
    ///   first call.
    public static func perform<Value: Sendable, Failure: Error>(
        _ body: @Sendable (borrowing Session) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try OwnerThread.shared.run(body)
    }

    /// The version of libhdf5 in use, `1.10.8` for one.
    public static var libraryVersion: String { OwnerThread.shared.libraryVersion }
}
