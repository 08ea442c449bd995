internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Replaces files atomically: a crash at any time leaves the old or the new file, complete.
enum DurableFile {
    /// The suffix of uncommitted files.
    static let temporaryEnding = ".tmp"

    /// Calls `write` to create the file under a temporary name beside the target, synchronises it while `verify` reads
    /// it back, writes the first bytes that `verify` returns, renames the file and synchronises the directory.
    ///
    /// Replaces a temporary file left by a killed process, and removes its own after a failure. A failed
    /// synchronisation is never retried, because the system may have dropped the data.
    static func commit(
        to url: URL, write: (_ temporary: String) throws(CheckpointError) -> Void,
        verify: (_ temporary: String) throws(CheckpointError) -> [UInt8]
    ) throws(CheckpointError) {
        let temporary = url.path + temporaryEnding
        unlink(temporary)
        // A signal that ends the process at once deletes it.
        let unfinished = ProcessEnding.UnfinishedFile(temporary)
        defer { unfinished.forget() }
        do throws(CheckpointError) {
            try write(temporary)
            // The disk writes while the bytes are read back; both must succeed before the rename.
            let synchronisation = Concurrently { () throws(CheckpointError) in try synchronise(temporary) }
            let head: [UInt8]
            do throws(CheckpointError) { head = try verify(temporary) } catch {
                // The thread must finish before the file is removed.
                _ = try? synchronisation.value()
                throw error
            }
            try synchronisation.value()
            if !head.isEmpty { try synchronise(temporary, after: head) }
            // Opened first, so that this fails before the rename.
            let directory = try open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY)
            defer { close(directory) }
            guard rename(temporary, url.path) == 0 else { throw failure("renamed to its final name", temporary) }
            guard fsync(directory) == 0 else { throw failure("recorded in its directory on the disk", url.path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Checks that the temporary file of a target, if there is one, is what a killed process left. Not needed in a
    /// directory of checkpoints, whose names are the store's.
    ///
    /// - Throws: ``CheckpointError`` (`exists`).
    static func requireOwnTemporary(of target: URL) throws(CheckpointError) {
        let temporary = target.path + temporaryEnding
        if FileKind(entry: temporary) == .missing { return }
        guard let beginning = try? RegularFile.beginning(ofEntry: temporary, bytes: Seal.byteCount),
            Seal.mayBegin(beginning)
        else {
            throw CheckpointError(
                code: .exists,
                message: "'\(temporary)' is not an unfinished checkpoint and is never replaced; move it away.")
        }
    }

    private static func open(_ path: String, _ flags: Int32) throws(CheckpointError) -> Int32 {
        let descriptor = Foundation.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("opened to synchronise it", path) }
        return descriptor
    }

    /// Synchronises a file to the disk after writing its first bytes, if any.
    private static func synchronise(_ path: String, after head: [UInt8] = []) throws(CheckpointError) {
        let descriptor = try open(path, head.isEmpty ? O_RDONLY : O_WRONLY)
        defer { close(descriptor) }
        if !head.isEmpty {
            let written = head.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            guard written >= 0 else { throw failure("sealed", path) }
            guard written == head.count else {
                throw CheckpointError(code: .inputOutput, message: "'\(path)' could not be sealed: the disk is full.")
            }
        }
        guard fsync(descriptor) == 0 else { throw failure("synchronised to the disk", path) }
    }

    /// - Parameter error: by default that of the last system call.
    static func failure(
        _ what: String, _ path: String, _ error: SystemError = SystemError(errno)
    ) -> CheckpointError {
        CheckpointError(code: .inputOutput, message: "'\(path)' could not be \(what): \(error).")
    }
}
