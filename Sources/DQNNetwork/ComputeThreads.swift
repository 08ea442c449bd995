internal import COneDNN

/// How many threads the compute library uses, and what else its results depend on.
public enum ComputeThreads {
    /// Sets the number of compute threads of the **calling** thread; every worker thread sets its own.
    ///
    /// - Throws: ``NetworkError`` (`threads`) when the number is not positive or the library's runtime cannot be told.
    public static func set(_ count: Int) throws(NetworkError) {
        guard count >= 1, count <= 1024, onednn_set_threads(Int32(count)) == 0 else {
            throw NetworkError(
                code: .threads,
                message: "The compute library's \(String(cString: onednn_cpu_runtime())) runtime cannot use "
                    + "\(count) threads; choose from 1 to 1024 with OpenMP, 1 otherwise.")
        }
    }

    /// The library's version and instruction set, as in `oneDNN 2.6.3 avx512_core`: on the same machine type, bits
    /// repeat only while this stays the same.
    public static var libraryDescription: String {
        let version = onednn_library_version()
        let set = String(cString: onednn_instruction_set())
        return "oneDNN \(version.major).\(version.minor).\(version.patch) \(set)"
    }
}
