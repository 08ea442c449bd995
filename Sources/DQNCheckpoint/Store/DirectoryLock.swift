internal import DQNModel
internal import Foundation

/// The right to write into a directory, held by one saver of one process at a time.
///
/// An advisory lock (`flock`) on the directory itself: a killed owner leaves nothing behind. Child processes close the
/// descriptor on `exec`; one that is just being started by another thread holds a copy until then, and with it the
/// lock, which is why it is released before the descriptor is closed.
struct DirectoryLock: ~Copyable {
    private let descriptor: Int32
    /// What the user should know: the file system has no locks.
    let notice: String?

    /// - Throws: ``CheckpointError``: `locked` when somebody else has it, `inputOutput` when the directory cannot be
    ///   opened.
    init(_ directory: URL) throws(CheckpointError) {
        let path = directory.path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            notice = nil
            throw DurableFile.failure("opened to lock it", path)
        }
        var status = flock(descriptor, LOCK_EX | LOCK_NB)
        while status != 0, errno == EINTR { status = flock(descriptor, LOCK_EX | LOCK_NB) }
        switch status == 0 ? 0 : errno {
        case 0: notice = nil
        case EWOULDBLOCK:
            notice = nil
            throw CheckpointError(
                code: .locked,
                message: "'\(path)' is in use: somebody else saves checkpoints there; wait until they have ended, or "
                    + "choose another directory.")
        case let number:
            notice =
                "'\(path)' cannot be locked (\(String(cString: strerror(number)))): make sure that no other program "
                + "saves there"
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Releases the lock for all copies of the descriptor; `close` alone would do so for the last copy only.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
