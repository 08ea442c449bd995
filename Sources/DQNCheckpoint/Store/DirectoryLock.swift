internal import DQNModel
internal import DQNSupport
internal import Foundation

/// An exclusive lock on a directory, held by one saver of one process at a time.
///
/// It is an advisory lock (`flock`) on the directory itself: a killed owner leaves nothing behind. Child processes
/// close the descriptor on `exec`. A child that another thread is just starting holds a copy until then, and with it
/// the lock, so the lock is released before the descriptor is closed.
struct DirectoryLock: ~Copyable {
    private let descriptor: Int32
    /// A message for the user if the file system does not support locks.
    let notice: String?

    /// - Throws: ``CheckpointError``: `locked` if another saver holds the lock, `inputOutput` if the directory cannot
    ///   be opened.
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
                message: "'\(path)' is in use: another run saves checkpoints there; wait until it ends, or "
                    + "choose another directory.")
        case let number:
            notice =
                "'\(path)' could not be locked (\(SystemError(number))): make sure that no other program "
                + "saves there"
        }
    }

    /// What a path refers to since the lock was taken.
    enum Place {
        /// The locked directory.
        case locked
        /// Nothing: the locked directory has been moved or deleted.
        case nothing
        /// Another directory or file.
        case another
    }

    /// Returns what a path refers to now. A path that cannot be examined counts as the locked directory, so that the
    /// next access reports the error.
    func place(of directory: URL) -> Place {
        var own = stat()
        var there = stat()
        guard fstat(descriptor, &own) == 0 else { return .locked }
        guard stat(directory.path, &there) == 0 else { return errno == ENOENT ? .nothing : .locked }
        return own.st_dev == there.st_dev && own.st_ino == there.st_ino ? .locked : .another
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Releases the lock for all copies of the descriptor; `close` alone would do so for the last copy only.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
