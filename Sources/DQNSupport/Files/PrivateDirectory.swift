package import Foundation

/// A directory of small files that only this user may read or write, such as decisions about what to trust.
///
/// Every file is opened relative to the directory's descriptor, and no symbolic link is followed in it: nobody else can
/// put another directory or file in its place.
package final class PrivateDirectory {
    /// Why a directory or a file cannot be used.
    package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// A system call failed.
        case system(SystemError)
        /// It belongs to somebody else, or others may write to it.
        case notPrivate
        /// It is a link, or something else than a directory or file.
        case wrongKind
        /// It is larger than allowed.
        case tooLarge

        package var description: String {
            switch self {
            case .system(let error): "\(error)"
            case .notPrivate: "it belongs to another user, or others may write to it"
            case .wrongKind: "it is a symbolic link or of another kind"
            case .tooLarge: "it is too large"
            }
        }
    }

    private let descriptor: Int32
    private static let unfinished = ".new-"

    /// Opens a directory below another one.
    ///
    /// - Parameters:
    ///   - base: the directory that holds it; it may be reached through links.
    ///   - names: the names of the directories from there, each private.
    ///   - creating: whether to create directories that are missing.
    package init(below base: String, _ names: [String], creating: Bool) throws(Failure) {
        if creating { do { try Directories.create(base, mode: 0o700) } catch { throw .system(error) } }
        var current = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw .system(SystemError(errno)) }
        for name in names {
            let parent = current
            defer { close(parent) }
            if creating, mkdirat(parent, name, 0o700) != 0, errno != EEXIST { throw .system(SystemError(errno)) }
            let next = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else {
                throw errno == ELOOP || errno == ENOTDIR ? .wrongKind : .system(SystemError(errno))
            }
            do throws(Failure) { try Self.requirePrivate(next, kind: S_IFDIR) } catch {
                close(next)
                throw error
            }
            current = next
        }
        descriptor = current
    }

    deinit { close(descriptor) }

    /// Reads a file completely; `nil` if there is none.
    package func read(_ name: String, limit: Int) throws(Failure) -> Data? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP, ENXIO: throw .wrongKind
            default: throw .system(SystemError(errno))
            }
        }
        defer { close(file) }
        try Self.requirePrivate(file, kind: S_IFREG)
        do throws(SystemError) { return try RegularFile.contents(of: file, limit: limit) } catch {
            throw error == SystemError(EFBIG) ? .tooLarge : .system(error)
        }
    }

    /// Writes a file, or leaves what was there: other processes see the old or the new contents, complete.
    package func write(_ contents: Data, to name: String) throws(Failure) {
        var generator = SystemRandomNumberGenerator()
        let temporary = Self.unfinished + String(generator.next(), radix: 16)
        let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system(SystemError(errno)) }
        do throws(SystemError) {
            do throws(SystemError) {
                try AtomicFile.write(contents, to: file)
                if fsync(file) != 0 { throw SystemError(errno) }
            } catch {
                close(file)
                throw error
            }
            guard close(file) == 0, renameat(descriptor, temporary, descriptor, name) == 0 else {
                throw SystemError(errno)
            }
        } catch {
            unlinkat(descriptor, temporary, 0)
            throw .system(error)
        }
    }

    /// The names of the files, the most recently written first. Names that begin with a dot are left out.
    package func names() -> [String] { entries().filter { !$0.name.hasPrefix(".") }.map(\.name) }

    /// Removes the files that were written first, so that at most a number remains, and what killed processes left
    /// unfinished.
    package func prune(keeping count: Int) {
        let all = entries()
        for entry in all.filter({ !$0.name.hasPrefix(".") }).dropFirst(count) { unlinkat(descriptor, entry.name, 0) }
        // Another process may be writing one at this moment.
        let old = time(nil) - 3600
        for entry in all where entry.name.hasPrefix(Self.unfinished) && entry.seconds < old {
            unlinkat(descriptor, entry.name, 0)
        }
    }

    private func entries() -> [(name: String, seconds: Int)] {
        // closedir closes the copy; the position belongs to it.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            return []
        }
        defer { closedir(stream) }
        var found: [(name: String, seconds: Int, nanoseconds: Int)] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
            else { continue }
            #if canImport(Darwin)
                let written = status.st_mtimespec
            #else
                let written = status.st_mtim
            #endif
            found.append((name, written.tv_sec, written.tv_nsec))
        }
        return found.sorted { ($0.seconds, $0.nanoseconds, $0.name) > ($1.seconds, $1.nanoseconds, $1.name) }
            .map { ($0.name, $0.seconds) }
    }

    private static func requirePrivate(_ descriptor: Int32, kind: mode_t) throws(Failure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(SystemError(errno)) }
        guard status.st_mode & S_IFMT == kind else { throw .wrongKind }
        guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else { throw .notPrivate }
        // Others may have been allowed to read it.
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, status.st_mode & 0o700) }
    }
}
