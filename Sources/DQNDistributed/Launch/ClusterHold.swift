internal import DQNSupport
internal import Foundation

/// What runs on another host in front of a process of the run: gives it the certificates, and ends it when the
/// connection to the launcher ends, even if the process is stopped.
@_spi(Distributed) public enum ClusterHold {
    private static let interval: UInt32 = 20_000
    /// Seconds that the process has to end once the connection has ended.
    private static let patience = 1.0

    /// Reads the certificates from standard input, runs the program with arguments, and waits for its end or for that of
    /// standard input.
    ///
    /// In the arguments, `{chief}` stands for the address that the launcher's connection comes from, and `{host}` for the
    /// one that it reaches. Both come from the variable `SSH_CONNECTION`.
    /// - Parameters:
    ///   - name: of the process, in messages.
    ///   - report: receives one line at a time.
    /// - Returns: the process's exit code; 128 and the signal if one has killed it; 1 if the connection has ended; 64 if
    ///   something that the launcher sends is missing.
    @_spi(Distributed) public static func run(
        program: String, name: String, arguments: [String], report: (String) -> Void
    ) -> Int32 {
        signal(SIGCHLD, SIG_DFL)
        ForwardedSignals.install()
        defer { ForwardedSignals.uninstall() }
        return run(
            program: program, name: name, arguments: arguments, input: STDIN_FILENO,
            connection: ProcessInfo.processInfo.environment["SSH_CONNECTION"], report: report)
    }

    /// As above, with another descriptor as standard input and with a value for the variable.
    package static func run(
        program: String, name: String, arguments: [String], input: Int32, connection: String?,
        report: (String) -> Void
    ) -> Int32 {
        do throws(HoldFailure) {
            var environment = ProcessInfo.processInfo.environment
            let words = try resolve(arguments, connection: connection)
            let files = try readFiles(input)
            let place = try files.files.isEmpty ? nil : HeldDirectory(files)
            defer { place?.remove() }
            environment[ClusterLaunch.parentVariable] = "\(getpid())"
            if let place { environment[ClusterLaunch.certificatesVariable] = place.path }
            return try hold(program, words, environment, input, name, report)
        } catch {
            report(PrintableText.line("\(name): \(error.reason)"))
            return error.code
        }
    }

    /// Replaces the addresses in arguments.
    static func resolve(_ arguments: [String], connection: String?) throws(HoldFailure) -> [String] {
        let placeholders = [LaunchPlan.Placeholder.chief, LaunchPlan.Placeholder.host]
        guard arguments.contains(where: { word in placeholders.contains { word.contains($0) } }) else {
            return arguments
        }
        // "client address, its port, server address, its port"
        let parts = (connection ?? "").split(separator: " ").map(String.init)
        guard parts.count == 4, [parts[0], parts[2]].allSatisfy(isAddress) else {
            throw HoldFailure(
                code: 64, reason: "SSH_CONNECTION has no IPv4 addresses ('\(connection ?? "")'); start this through ssh"
            )
        }
        return arguments.map { word in
            word.replacingOccurrences(of: placeholders[0], with: parts[0])
                .replacingOccurrences(of: placeholders[1], with: parts[2])
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    /// Reads the first line of standard input, byte by byte, so that nothing after it is taken.
    private static func readFiles(_ input: Int32) throws(HoldFailure) -> HeldFiles {
        var line = Data()
        var byte: UInt8 = 0
        while line.count < HeldFiles.longestLine {
            let count = read(input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { throw HoldFailure(code: 1, reason: "the connection to the launcher has ended") }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        guard let files = HeldFiles(line: line) else {
            throw HoldFailure(code: 64, reason: "standard input does not begin with the launcher's certificates")
        }
        return files
    }

    private static func hold(
        _ program: String, _ words: [String], _ environment: [String: String], _ input: Int32,
        _ name: String, _ report: (String) -> Void
    ) throws(HoldFailure) -> Int32 {
        let process: ChildProcess
        let lifeline: ChildProcess.Pair
        do throws(SystemError) {
            lifeline = try ChildProcess.sockets()
            process = try ChildProcess(
                program, arguments: words, environment: environment,
                descriptors: [lifeline.child, STDOUT_FILENO, STDERR_FILENO])
        } catch { throw HoldFailure(code: 1, reason: "it cannot be started: \(error)") }
        close(lifeline.child)
        while true {
            for number in ForwardedSignals.take() { kill(process.identifier, number) }
            if let ending = process.checkEnding() {
                close(lifeline.own)
                switch ending {
                case .exited(let code): return code
                case .killed(let signal):
                    report(PrintableText.line("\(name) (process \(process.identifier)) \(ending)"))
                    return 128 + signal
                case .unknown: return 1
                }
            }
            if hasEnded(input) {
                close(lifeline.own)
                process.end(within: patience)
                return 1
            }
            usleep(interval)
        }
    }

    /// Whether standard input is at its end; reads what little may still come.
    private static func hasEnded(_ input: Int32) -> Bool {
        guard ChildProcess.wait(for: input, milliseconds: 0) == .first else { return false }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(input, &bytes, bytes.count)
        return count == 0 || count < 0 && errno != EINTR && errno != EAGAIN
    }
}

/// Why a process cannot be held.
struct HoldFailure: Error {
    let code: Int32
    let reason: String
}

/// A new directory with the run's certificates, which only this user may read.
struct HeldDirectory {
    let path: String

    /// Creates the directory in the user's memory file system, if there is one, or in the temporary directory.
    init(_ held: HeldFiles) throws(HoldFailure) {
        let base = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? NSTemporaryDirectory()
        var template = Array("\(base)/dqn-cluster-XXXXXX".utf8CString)
        // mkdtemp admits the owner alone.
        guard mkdtemp(&template) != nil else {
            throw HoldFailure(code: 1, reason: "no directory can be created in '\(base)': \(SystemError(errno))")
        }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, content) in held.files {
            do throws(SystemError) {
                try AtomicFile.write(Data(content.utf8), to: "\(path)/\(name)", synchronising: false)
                chmod("\(path)/\(name)", 0o600)
            } catch {
                remove()
                throw HoldFailure(code: 1, reason: "'\(path)' cannot be written: \(error)")
            }
        }
    }

    /// Deletes the directory and its files.
    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
