internal import Dispatch
internal import Foundation

/// Puts a file in its place so that a crash at any instant leaves the old one or the new one, whole.
enum DurableFile {
    /// The ending of files that are not committed yet.
    static let temporaryEnding = ".tmp"

    /// Lets `write` make the file under a temporary name beside the target, synchronises it while `verify` reads it
    /// back, renames it, and synchronises the directory.
    ///
    /// A temporary file that a killed process left is replaced. After any failure it is removed; a failed
    /// synchronisation is never retried, since the system may have dropped the data.
    static func commit(
        to url: URL, write: (_ temporary: String) throws(CheckpointError) -> Void,
        verify: (_ temporary: String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let temporary = url.path + temporaryEnding
        unlink(temporary)
        do throws(CheckpointError) {
            try write(temporary)
            // The disk works while the bytes are read back; both must succeed before the name is given.
            let synchronisation = Synchronisation(of: temporary)
            do throws(CheckpointError) { try verify(temporary) } catch {
                // The file is about to be removed, and the thread must be done with it by then.
                _ = synchronisation.outcome()
                throw error
            }
            if let failure = synchronisation.outcome() { throw failure }
            // Opened first: what can fail does so before the file has its name.
            let directory = try open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY)
            defer { close(directory) }
            guard rename(temporary, url.path) == 0 else { throw failure("renamed to its final name", temporary) }
            guard fsync(directory) == 0 else { throw failure("recorded in its directory on the disk", url.path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// One file being synchronised on another thread.
    ///
    /// `@unchecked Sendable`: `failure` is written before the group is left and read after waiting for it.
    private final class Synchronisation: @unchecked Sendable {
        private let group = DispatchGroup()
        private var failure: CheckpointError?

        init(of path: String) {
            DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
                do throws(CheckpointError) { try synchronise(path) } catch { failure = error }
            }
        }

        /// Waits for the end; gives the failure, if any.
        func outcome() -> CheckpointError? {
            group.wait()
            return failure
        }
    }

    private static func open(_ path: String, _ flags: Int32) throws(CheckpointError) -> Int32 {
        let descriptor = Foundation.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("opened to synchronise it", path) }
        return descriptor
    }

    private static func synchronise(_ path: String) throws(CheckpointError) {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("synchronised to the disk", path) }
    }

    static func failure(_ what: String, _ path: String) -> CheckpointError {
        CheckpointError(
            code: .inputOutput, message: "'\(path)' could not be \(what): \(String(cString: strerror(errno))).")
    }
}
