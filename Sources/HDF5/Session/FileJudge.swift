/// Decides whether libhdf5 may open a file, from the bytes behind the descriptor that the library is about to read.
///
/// `H5Fopen` decodes the superblock and loads the root group's header. Both are validated before.
final class FileJudge {
    private let path: String
    /// The file's validated objects, once it has passed.
    private(set) var headers: ValidatedHeaders?
    /// Why the file is refused.
    private(set) var failure: HDF5Error?

    /// - Parameter path: of the file, for error messages.
    init(_ path: String) { self.path = path }

    /// Judges the file behind a descriptor and returns whether it may be opened.
    fileprivate func judge(_ descriptor: Int32) -> Bool {
        do throws(HDF5Error) {
            let superblock = try Superblock(of: path, descriptor)
            let source = superblock.source(descriptor)
            let headers = ValidatedHeaders(source)
            let file = FileBytes(source)
            guard try headers.validate("", at: superblock.root, in: file).kind == .group else {
                throw MetadataReader(.file(path), []).refusal("no group at its root")
            }
            try superblock.validateCachedTable(path, in: file)
            self.headers = headers
            return true
        } catch {
            failure = error
            return false
        }
    }
}

/// Passes a descriptor to the ``FileJudge`` that is the context.
let judgeFile: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Int32 = { descriptor, context in
    guard let context else { return 0 }
    return Unmanaged<FileJudge>.fromOpaque(context).takeUnretainedValue().judge(descriptor) ? 1 : 0
}
