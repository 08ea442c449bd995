internal import DQNModel
internal import Foundation

/// The right to write into a directory, held by one saver of one process at a time.
///
/// An advisory lock (`flock`) on the directory itself: nothing is left behind by a killed owner, and since the descriptor
/// is closed on `exec`, its children hold nothing.
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

    deinit { if descriptor >= 0 { close(descriptor) } }
}
