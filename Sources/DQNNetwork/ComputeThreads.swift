internal import COneDNN
internal import Foundation

/// The threads of the compute library, and its version.
public enum ComputeThreads {
    /// Stops the compute library from using its own threads for the computations of the **calling** thread.
    ///
    /// Call it first on each thread that creates or runs a computation. ``ComputeTeam`` computes on several threads.
    public static func useCallingThreadOnly() { onednn_use_calling_thread_only() }

    /// The library's version and instruction set, then the set and the revision of our own loops, such as
    /// `oneDNN 2.6.3 avx512_core, kernels avx512 revision 6`.
    ///
    /// Results are only bit-identical between runs with the same text.
    package static var libraryDescription: String {
        let version = onednn_library_version()
        let set = String(cString: onednn_instruction_set())
        return "oneDNN \(version.major).\(version.minor).\(version.patch) \(set)\(separator)"
            + "\(InstructionSets.chosen) revision \(kernelsRevision)"
    }

    /// The revision of our own loops and of the choice between them and the library. A change that alters the bits of
    /// any result on any processor increases it.
    package static let kernelsRevision = 6

    private static let separator = ", kernels "

    /// Returns what a run that recorded `stored` would say about a continuation here: `nil` if the results stay the
    /// same bit for bit, as far as the record shows.
    ///
    /// Records of earlier releases lack the revision. That alone is not a difference.
    package static func difference(from stored: String) -> String? {
        let current = libraryDescription
        guard stored != current else { return nil }
        guard !stored.contains(separator) else { return "\(stored) and continues with \(current)" }
        let library = current.prefix(upTo: current.range(of: separator)?.lowerBound ?? current.endIndex)
        return stored == library ? nil : "\(stored) (revision unknown) and continues with \(current)"
    }
}
