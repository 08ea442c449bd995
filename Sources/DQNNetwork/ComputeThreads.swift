internal import COneDNN

/// Which threads the compute library uses, and what else its results depend on.
public enum ComputeThreads {
    /// Keeps the compute library, where it brings threads of its own, from using them for what the **calling** thread
    /// computes; every thread that computes says so first. See ``ComputeTeam`` for several threads.
    public static func useCallingThreadOnly() { onednn_use_calling_thread_only() }

    /// The library's version and instruction set, as in `oneDNN 2.6.3 avx512_core`: on the same machine type, bits
    /// repeat only while this stays the same.
    public static var libraryDescription: String {
        let version = onednn_library_version()
        let set = String(cString: onednn_instruction_set())
        return "oneDNN \(version.major).\(version.minor).\(version.patch) \(set)"
    }
}
