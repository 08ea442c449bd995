internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Files that have crashed a reader. libhdf5 parses a file before its contents can be judged, and may have bugs that
/// preflight does not know; without a mark, every resume would read the same file and crash again.
extension CheckpointStore {
    /// Reads a file; a crash meanwhile leaves a mark, and a file with a mark is not read again.
    ///
    /// - Throws: ``CheckpointError``: `malformed` for a file with a mark; what `read` throws.
    static func readGuarded<Value>(
        _ url: URL, _ read: (URL) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value {
        try requireFile(url)
        let mark = crashMark(of: url)
        let identity = identity(of: url)
        if let text = text(of: mark) {
            guard text == identity else {
                // Left by an earlier file of this name.
                unlink(mark)
                return try readGuarded(url, identity, mark, read)
            }
            throw CheckpointError(
                code: .malformed,
                message:
                    "'\(url.path)' crashed the program that read it before and is not read again; to try it, give it "
                    + "its name back if it was renamed, and delete '\(mark)'.")
        }
        return try readGuarded(url, identity, mark, read)
    }

    private static func readGuarded<Value>(
        _ url: URL, _ identity: String?, _ mark: String, _ read: (URL) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value {
        guard let identity else { return try read(url) }
        return try CrashMark.leaving(mark, saying: identity) { () throws(CheckpointError) in try read(url) }
    }

    /// Removes the mark of a file that has been renamed.
    static func removeCrashMark(of url: URL) { unlink(crashMark(of: url)) }

    private static func crashMark(of url: URL) -> String { url.path + ".crashed" }

    /// The text of a mark; `nil` if there is none. Symbolic links are not followed.
    private static func text(of mark: String) -> String? {
        let descriptor = open(mark, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    /// What distinguishes a file from another one that gets its name later.
    private static func identity(of url: URL) -> String? {
        var status = stat()
        guard stat(url.path, &status) == 0 else { return nil }
        #if os(Linux)
            let modified = status.st_mtim
        #else
            let modified = status.st_mtimespec
        #endif
        return "\(status.st_size) bytes, of \(modified.tv_sec).\(modified.tv_nsec)\n"
    }
}
