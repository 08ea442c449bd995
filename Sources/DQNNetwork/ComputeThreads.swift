internal import COneDNN

/// The threads of the compute library, and its version.
public enum ComputeThreads {
    /// Stops the compute library from using its own threads for the computations of the **calling** thread.
    ///
    /// Call it first on each thread that creates or runs a computation. ``ComputeTeam`` computes on several threads.
    public static func useCallingThreadOnly() { onednn_use_calling_thread_only() }

    /// The library's version and instruction set, such as `oneDNN 2.6.3 avx512_core`.
    ///
    /// Results are only bit-identical between runs with the same text.
    package static var libraryDescription: String {
        let version = onednn_library_version()
        let set = String(cString: onednn_instruction_set())
        return "oneDNN \(version.major).\(version.minor).\(version.patch) \(set)"
    }
}
