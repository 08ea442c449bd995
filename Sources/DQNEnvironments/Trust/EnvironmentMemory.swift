internal import DQNModel
internal import DQNSupport
package import Foundation

/// Remembers which environments this user has named on this machine, with digests of the files that they loaded.
///
/// The files lie in `$XDG_STATE_HOME/swift-dqn/environments`, or in `~/.local/state/swift-dqn/environments`, one for each
/// environment; nobody else may read or write them. A file that is unreadable counts as absent.
///
/// `@unchecked Sendable`: `noticed` and `written` are only used with `lock` held.
package final class EnvironmentMemory: Equatable, @unchecked Sendable {
    /// Returns the SHA-256 of bytes in hexadecimal.
    package typealias Digest = @Sendable (Data) throws -> String

    /// The largest record, in bytes.
    static let recordLimit = 4 << 20
    /// The most environments that are remembered; those named first are forgotten first.
    static let countLimit = 1000
    /// The most bytes of a file of an environment; a larger one counts as changed.
    private static let fileBytes = 1 << 32
    private static let folders = ["swift-dqn", "environments"]

    private let base: String?
    private let digest: Digest
    private let notice: @Sendable (String) -> Void
    private let lock = Lock()
    private var noticed: Set<String> = []
    private var written: [String: Set<String>] = [:]

    /// Creates a memory; nothing is read or written before an environment brings code.
    ///
    /// - Parameters:
    ///   - variables: the environment variables, of which `XDG_STATE_HOME` and `HOME` count.
    ///   - digest: computes SHA-256.
    ///   - notice: receives sentences for the user about what cannot be read or written.
    package init(
        variables: [String: String] = ProcessInfo.processInfo.environment, digest: @escaping Digest,
        notice: @escaping @Sendable (String) -> Void
    ) {
        base = Self.base(variables)
        self.digest = digest
        self.notice = notice
    }

    /// Two memories are equal if they are the same.
    package static func == (first: EnvironmentMemory, second: EnvironmentMemory) -> Bool { first === second }

    /// The directory of programs' states; `nil` if there is none. Relative paths do not count, as the XDG specification
    /// says.
    static func base(_ variables: [String: String]) -> String? {
        if let state = variables["XDG_STATE_HOME"], state.hasPrefix("/") { return state }
        guard let home = variables["HOME"], home.hasPrefix("/") else { return nil }
        return home == "/" ? "/.local/state" : "\(home)/.local/state"
    }

    /// Whether the user has named an environment, with the same directories of modules.
    func has(_ subject: EnvironmentSubject) -> Bool {
        guard let directory = open(creating: false), let name = try? fileName(subject) else { return false }
        return read(name, in: directory)?.environment == subject
    }

    /// Finds an environment that the user has named; the directories with modules may be others, since the files alone
    /// decide.
    ///
    /// - Parameter keys: options that may have other values, be absent or be new.
    func find(_ subject: EnvironmentSubject, ignoring keys: Set<String>) -> KnownEnvironment? {
        guard let directory = open(creating: false), let name = try? fileName(subject) else { return nil }
        if let known = read(name, in: directory), known.environment == subject { return known }
        let wanted = subject.comparable(ignoring: keys)
        let prefix = name.prefix { $0 != "-" }
        let others = directory.names().filter { $0.hasPrefix(prefix) && $0 != name }
            .compactMap { read($0, in: directory) }.filter { $0.environment.comparable(ignoring: keys) == wanted }
        return others.first { change(since: $0) == nil } ?? others.first
    }

    /// Remembers an environment that the user has named.
    ///
    /// - Parameter files: the canonical paths of files that it has loaded, in addition to those of earlier calls.
    func remember(_ subject: EnvironmentSubject, loading files: [String]) {
        guard let directory = open(creating: true), let name = try? fileName(subject) else { return }
        let new = lock.withLock { () -> Set<String>? in
            let before = written[name]
            let all = (before ?? []).union(files).union(subject.optionFiles)
            written[name] = all
            return all == before ? nil : all
        }
        guard let new else { return }
        var digests: [String: String] = [:]
        for file in new { digests[file] = self.digest(ofFile: file) }
        let known = KnownEnvironment(environment: subject, files: digests)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let contents = try? encoder.encode(known) else { return }
        guard contents.count <= Self.recordLimit else {
            return say("the environment '\(subject.name)' is not remembered: it loads too many files")
        }
        if read(name, in: directory) == known { return }
        do throws(PrivateDirectory.Failure) {
            try directory.write(contents, to: name)
            directory.prune(keeping: Self.countLimit)
        } catch { say("the environment '\(subject.name)' is not remembered: \(place)/\(name): \(error)") }
    }

    /// Describes how the files of a remembered environment differ from those that it loaded; `nil` if they do not.
    func change(since known: KnownEnvironment) -> String? {
        for (file, digest) in known.files.sorted(by: { $0.key < $1.key }) {
            // A link that leads elsewhere now is a change too.
            guard CanonicalPath.find(file) == file else { return "'\(file)' is gone" }
            if self.digest(ofFile: file) != digest { return "'\(file)' has changed" }
        }
        return nil
    }

    private func digest(ofFile path: String) -> String? {
        guard let contents = try? RegularFile.contents(path, limit: Self.fileBytes) else { return nil }
        return try? digest(contents)
    }

    /// Names the record of an environment: the part before the hyphen is the same for all options and directories.
    private func fileName(_ subject: EnvironmentSubject) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var base = subject
        (base.options, base.folders) = ([], [])
        return try [base, subject].map { try digest(encoder.encode($0)).prefix(32) }.joined(separator: "-") + ".json"
    }

    private func read(_ name: String, in directory: PrivateDirectory) -> KnownEnvironment? {
        do throws(PrivateDirectory.Failure) {
            guard let contents = try directory.read(name, limit: Self.recordLimit) else { return nil }
            if let known = try? JSONDecoder().decode(KnownEnvironment.self, from: contents), known.layout == 1 {
                return known
            }
            say("\(place)/\(name) is malformed, so it counts as absent; remove it")
        } catch { say("\(place)/\(name) counts as absent: \(error)") }
        return nil
    }

    private func open(creating: Bool) -> PrivateDirectory? {
        guard let base else {
            say(
                "neither HOME nor XDG_STATE_HOME is set to an absolute path, so environments that you name are not "
                    + "remembered")
            return nil
        }
        do throws(PrivateDirectory.Failure) {
            return try PrivateDirectory(below: base, Self.folders, creating: creating)
        } catch .system(let error) where !creating && error.number == 2 /* ENOENT */ {
            return nil
        } catch {
            say("\(place) cannot be used, so no environment counts as named before: \(error)")
            return nil
        }
    }

    private var place: String { ([base ?? ""] + Self.folders).joined(separator: "/") }

    /// Says something once.
    private func say(_ text: String) {
        if lock.withLock({ noticed.insert(text).inserted }) { notice(text) }
    }
}
