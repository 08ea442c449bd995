extension ContainerReader {
    /// Limits on what a file may make a reader allocate or compute, far above what any run needs. `docs/format.md` lists
    /// them, each with its rule. The writer keeps to them: see `requireLimits`.
    enum Limit {
        static let manifestBytes = 1 << 26
        /// JSON values of the manifest: more than 2^17 datasets with a few extents each.
        static let manifestValues = 1 << 22
        static let datasets = 1 << 17
        static let depth = 16
        /// Extents of a dataset: the most that HDF5 allows.
        static let rank = 32
        /// Fits in a core's cache, so that data is hashed while it is still there.
        static let runBytes = 1 << 18
        /// The largest ratio of inflated to deflated size that the deflate format permits.
        static let inflation = 1032
        static let chunkBytes = 1 << 28
        /// A lower bound on the size of a chunk with its entry in the file's index.
        static let leastChunkBytes = 16
        /// Inflated bytes of the chunks processed at a time on all cores.
        static let batchBytes = 1 << 25
        /// Bytes of all documents except the manifest together.
        static let allDocumentBytes = 1 << 26
        static let workers = 4096
    }

    /// The limits of one document. Each value costs a reader some hundred bytes and a microsecond, so values count as
    /// well as bytes.
    struct DocumentLimit {
        let bytes: Int
        let values: Int

        /// - Parameter path: The path of the document.
        init(_ path: String) {
            // The two may have a number for each element of an observation, the first since the format leaves its keys
            // to the trainer.
            let isLarge = path == "configuration" || path == "architecture"
            bytes = isLarge ? 1 << 24 : 1 << 22
            values = isLarge ? 1 << 20 : 1 << 17
        }

        /// What is invalid in a document's size, or `nil`.
        func complaint(_ byteCount: Int) -> String? {
            byteCount <= bytes ? nil : "is a document of \(byteCount) bytes; at most \(bytes >> 20) MiB are allowed"
        }
    }
}
