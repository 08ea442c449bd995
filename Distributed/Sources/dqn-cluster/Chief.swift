import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNCommandLine
@_spi(Distributed) import DQNDistributed
import Foundation

struct Chief: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start or resume a run whose shards and workers are other processes.",
        discussion: """
            Prints 'ready chief ADDRESS' once the other processes can reach it.

            EXAMPLES
              dqn-cluster certificates certificates
              dqn-cluster chief --listen 10.0.0.1:4000 --certificates certificates --servers 2 \\
                --env CartPole-v1 --method async-dqn --workers 4 --out runs/cluster
              dqn-cluster chief --listen 10.0.0.1:4000 --certificates certificates --resume runs/cluster
            """)
    @Option(
        help: ArgumentHelp(
            "IPv4 address at which the other processes reach the chief; without a port it takes a free one.",
            valueName: "host[:port]"))
    var listen = "127.0.0.1"
    @Option(help: ArgumentHelp("File to write the chief's address to.", valueName: "file"))
    var chiefFile: String?
    @Option(help: ArgumentHelp("Number of shards.", valueName: "n"))
    var servers = 1
    @Option(help: ArgumentHelp("Time after which a silent process counts as lost.", valueName: "seconds"))
    var patience = 5.0
    @Option(
        help: ArgumentHelp(
            "Updates after which a gradient is too old and is dropped. (default: none is dropped)", valueName: "n"))
    var maxStaleness: Int?
    @Option(help: ArgumentHelp("Number of gradients that a process averages before it sends them.", valueName: "k"))
    var accumulate = 1
    @Flag(help: "Send gradients and parameters with half precision.")
    var half = false
    @OptionGroup var training: TrainArguments
    @OptionGroup var options: RoleOptions

    func validate() throws {
        _ = try listeningAddress(listen)
        guard (1...4096).contains(servers) else {
            throw ValidationError("--servers \(servers) is out of range; it must be from 1 to 4096.")
        }
        guard patience >= 1, patience <= 1e6 else {
            throw ValidationError("--patience \(patience) is out of range; it must be from 1 to 1000000 seconds.")
        }
        if let maxStaleness, maxStaleness < 0 {
            throw ValidationError("--max-staleness \(maxStaleness) is negative.")
        }
        guard (1...1_000_000).contains(accumulate) else {
            throw ValidationError("--accumulate \(accumulate) is out of range; it must be from 1 to 1000000.")
        }
    }

    func run() async throws {
        let security = try options.checkedSecurity
        // A closed connection is an error of its call.
        signal(SIGPIPE, SIG_IGN)
        // The run is saved, as when a terminal is closed.
        if options.lifeline { Ending.watchInput { kill(getpid(), SIGTERM) } }
        var settings = ChiefRole.Settings()
        settings.shards = servers
        settings.patience = .seconds(patience)
        settings.startTimeout = .seconds(options.startTimeout)
        settings.maximumStaleness = maxStaleness
        settings.accumulation = accumulate
        settings.usesHalf = half
        let role = ChiefRole(settings, report: Output.report) { try ShardConnection.open($0, $1, security: security) }
        let server = try ClusterServer.chief(listeningAddress(listen), security: security) { role.open($0) }
        let serving = Task { try await server.run() }
        let port: Int
        do { port = try await server.port } catch {
            let reason = (await serving.result).thrownError ?? error
            Output.exit(1, "The chief cannot listen at \(listen): \(reason)")
        }
        let address = ClusterAddress(host: try listeningAddress(listen).host, port: port)
        if let chiefFile {
            do { try Data("\(address)\n".utf8).write(to: URL(fileURLWithPath: chiefFile), options: .atomic) } catch {
                Output.exit(1, "'\(chiefFile)' cannot be written: \(error.localizedDescription)")
            }
        }
        Output.line("ready chief \(address)")
        let job = ChiefJob(training, role)
        let code = await Output.onThread { job.run() }
        if let chiefFile { try? FileManager.default.removeItem(atPath: chiefFile) }
        Output.exit(code, nil)
    }
}

/// The chief's run.
///
/// `@unchecked Sendable`: one thread uses it.
private final class ChiefJob: @unchecked Sendable {
    private let training: TrainArguments
    private let role: ChiefRole

    init(_ training: TrainArguments, _ role: ChiefRole) {
        self.training = training
        self.role = role
    }

    /// Trains to the end of the run, and tells all processes.
    ///
    /// - Returns: the exit code.
    func run() -> Int32 {
        var directory: String?
        do {
            try training.train(as: "dqn-cluster", makeStore: role.makeStore) { directory = $0 }
            role.end(failure: nil)
            return 0
        } catch let code as ExitCode where code.rawValue == 130 {
            role.end(failure: nil)
            return 130
        } catch {
            // What has failed has been reported.
            role.end(failure: "The run has failed; the chief's messages give the reason.")
            let code = (error as? ExitCode)?.rawValue ?? 1
            if !(error is ExitCode) { Output.error("\(error)") }
            if code == 1, let directory {
                Output.error("continue the run with: dqn-cluster chief --resume \(directory)")
            }
            return code
        }
    }
}
