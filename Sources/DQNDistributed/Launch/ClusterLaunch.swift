internal import DQNSupport
internal import Foundation

/// One command that starts all processes of a run, watches them, and leaves none behind.
///
/// The chief, the shards and the workers are child processes, or on other hosts processes behind ssh. The chief decides
/// what a loss means; this type starts the others once the chief listens, passes signals on to it, names every process
/// that ends badly, and ends what is left.
@_spi(Distributed) public final class ClusterLaunch {
    /// Seconds between two looks at the processes.
    private static let interval = 0.02
    /// Seconds that processes have to end by themselves after the chief, which tells them.
    static let farewell = 3.0
    /// Seconds that the chief may take to end after others of the run have ended.
    static let chiefFarewell = 1.0
    /// Seconds that processes have to end after their standard input has closed.
    static let patience = 2.0
    /// Seconds that a chief has to end after it has lost a shard, if it is stopped and if it is not.
    static let stoppedChiefPatience = 1.0
    static let chiefPatience = 60.0

    let request: LaunchRequest
    let plan: LaunchPlan
    private let announce: (String) -> Void
    private let report: (String) -> Void
    var chief: LaunchedProcess?
    var others: [LaunchedProcess] = []
    private var time = RunningTime()
    /// Why the run cannot go on, once this program has decided so.
    private var failure: String?
    /// When a shard ended badly after the start.
    private var shardLoss: Double?
    private var forwarded: Set<Int32> = []

    /// Plans the processes of a request.
    ///
    /// - Parameters:
    ///   - announce: receives the line by which more workers can join, before any takes part.
    ///   - report: receives one line about a process at a time.
    /// - Throws: an error that names the option, the rule and the remedy.
    @_spi(Distributed) public init(
        _ request: LaunchRequest, announce: @escaping (String) -> Void, report: @escaping (String) -> Void
    ) throws {
        self.request = request
        plan = try LaunchPlan(request)
        self.announce = announce
        // Other hosts' programs write what they like.
        self.report = { report(PrintableText.line($0)) }
    }

    /// Starts everything and waits for the end.
    ///
    /// Call this on a thread that exists as long as the program, such as the main one: on Linux the system kills the
    /// processes when the thread ends.
    /// - Returns: the chief's exit code; 1 if the chief was lost or the run could not start.
    @_spi(Distributed) public func run() -> Int32 {
        if request.forwardsSignals {
            // A parent may have made this program ignore the signal; the system then does not report how a child ended.
            signal(SIGCHLD, SIG_DFL)
            signal(SIGPIPE, SIG_IGN)
            ForwardedSignals.install()
        }
        defer { if request.forwardsSignals { ForwardedSignals.uninstall() } }
        do throws(SystemError) { chief = try start(plan.chief, port: nil) } catch {
            report("the chief cannot be started: \(error); check '\(request.program)'")
            return 1
        }
        while true {
            time.read()
            if let ending = watchChief() { return finish(ending) }
            for process in others { watch(process) }
            judge()
            if let failure {
                // The chief may have ended them, and tells why.
                if shardLoss == nil, let ending = awaitChief(seconds: Self.chiefFarewell) { return finish(ending) }
                return abandon(failure)
            }
            usleep(UInt32(Self.interval * 1e6))
        }
    }

    /// Returns how the chief ends, if it does so soon by itself.
    private func awaitChief(seconds: Double) -> ChildProcess.Ending? {
        var waited = RunningTime()
        while waited.seconds < seconds {
            if let ending = watchChief() { return ending }
            usleep(UInt32(Self.interval * 1e6))
            waited.read()
        }
        return nil
    }

    /// Reads from the chief, starts the others once it listens, and passes signals on.
    ///
    /// - Returns: how the chief has ended.
    private func watchChief() -> ChildProcess.Ending? {
        guard let chief else { return nil }
        for number in ForwardedSignals.take() {
            forwarded.insert(number)
            chief.signal(number)
        }
        let ending = chief.takeEnding()
        chief.lines().forEach(report)
        chief.passOn()
        if ending == nil, others.isEmpty, let address = chief.readyWords?.first { startOthers(address) }
        return ending
    }

    private func startOthers(_ address: String) {
        guard let port = address.split(separator: ":").last.flatMap({ Int($0) }) else {
            failure = "the chief has printed the address '\(address)' without a port"
            return
        }
        reportJoining(port: port)
        for member in plan.others {
            do throws(SystemError) { others.append(try start(member, port: port)) } catch {
                failure = "\(member.name) cannot be started: \(error)"
                return
            }
        }
    }

    private func reportJoining(port: Int) {
        let host = request.hosts == nil ? "127.0.0.1" : request.address ?? "ADDRESS_OF_THIS_HOST"
        let security = request.certificates.map { ["--certificates", $0] } ?? ["--plaintext"]
        let words = [request.program, "worker", "--chief", "\(host):\(port)"] + security
        announce("more workers can join: \(ShellCommand.text(words))")
    }

    /// Reports what a process prints, and how it ends.
    private func watch(_ process: LaunchedProcess) {
        let ending = process.takeEnding()
        for line in process.lines() { report("\(process.member.name): \(line)") }
        guard let ending, ending != .exited(code: 0) else { return }
        let sentence = "\(process.member.name) (process \(process.identifier)) \(ending)"
        report(sentence)
        let tookPart = process.readyWords != nil
        switch (process.member.role, ending) {
        case (.shard, _) where tookPart: shardLoss = shardLoss ?? time.seconds
        case (.shard, _),
            (_, .exited) where !tookPart:
            failure = failure ?? "\(process.member.name) ended before it took part in the run"
        default: break
        }
    }

    /// Decides whether the chief has stopped responding: it ends when it loses a shard.
    private func judge() {
        guard let shardLoss, let chief else { return }
        let patience = chief.isStopped ? Self.stoppedChiefPatience : Self.chiefPatience
        if time.seconds - shardLoss > patience {
            failure = failure ?? "the chief (process \(chief.identifier)) does not respond to the loss of a shard"
            chief.kill()
        }
    }

    private func finish(_ ending: ChildProcess.Ending) -> Int32 {
        let identifier = chief?.identifier ?? 0
        endOthers(after: Self.farewell)
        switch ending {
        case .exited(let code): return code
        case .killed(let number) where forwarded.contains(number): return 130
        default:
            report("the chief (process \(identifier)) \(ending); \(resumeAdvice)")
            return 1
        }
    }

    /// Ends everything because the run cannot go on.
    private func abandon(_ reason: String) -> Int32 {
        report(reason)
        chief?.signal(SIGTERM)
        chief?.closeLifeline()
        endOthers(after: 0)
        if let chief, wait(for: [chief], seconds: Self.patience) == false { chief.kill() }
        if let chief { wait(for: [chief], seconds: Self.patience) }
        chief?.passOn()
        return 1
    }

    /// Waits for the shards and workers, then asks them to end, then kills them.
    private func endOthers(after seconds: Double) {
        for process in others { process.resume() }
        if wait(for: others, seconds: seconds) { return }
        for process in others { process.closeLifeline() }
        if wait(for: others, seconds: Self.patience) { return }
        for process in others where !process.hasEnded {
            report("\(process.member.name) (process \(process.identifier)) does not end, and is killed")
            process.kill()
        }
        wait(for: others, seconds: Self.patience)
    }

    /// Returns whether the processes have ended within a time.
    @discardableResult
    private func wait(for processes: [LaunchedProcess], seconds: Double) -> Bool {
        var time = RunningTime()
        while true {
            for process in processes where !process.hasEnded { watch(process) }
            if processes.allSatisfy(\.hasEnded) { return true }
            if time.seconds >= seconds { return false }
            usleep(UInt32(Self.interval * 1e6))
            time.read()
        }
    }

    private var resumeAdvice: String {
        let words = request.chiefArguments
        for option in ["--resume", "--out"] {
            if let place = words.firstIndex(of: option), place + 1 < words.count {
                return "continue the run with --resume \(words[place + 1])"
            }
        }
        return "continue the run with --resume and its directory"
    }
}
