import ArgumentParser
import ClusterTransport
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
    @OptionGroup var training: TrainingOptions
    @OptionGroup var options: RoleOptions
    @Flag(name: .shortAndLong, help: "Hide progress and information; warnings and errors are still printed.")
    var quiet = false

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
        Ending.install()
        let security = try options.security
        if options.lifeline { Ending.watchInput { Ending.askNow() } }
        var settings = ChiefRole.Settings()
        settings.shards = servers
        settings.patience = .seconds(patience)
        settings.startTimeout = .seconds(options.startTimeout)
        settings.maximumStaleness = maxStaleness
        settings.accumulation = accumulate
        settings.usesHalf = half
        let (quiet, training) = (quiet, training.training)
        let role = ChiefRole(settings) { level, message in
            if !quiet || ["warning", "error", "critical"].contains(level) { Output.error(message) }
        } connect: {
            try ShardConnection.open($0, $1, security: security)
        }
        let server = try await Output.start {
            try ChiefServer(listeningAddress(listen), security: security) { role.open($0) }
        }
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
        let ending = await Output.onThread {
            var line = ProgressLine(isShown: !quiet)
            defer { line.clear() }
            return role.train(training, isInterrupted: { Ending.isRequested }) { line.show($0, $1, $2, $3) }
        }
        if let chiefFile { try? FileManager.default.removeItem(atPath: chiefFile) }
        if ending.code == 0 || ending.code == 130 {
            if !quiet, let summary = ending.message { Output.line(summary) }
            Output.exit(ending.code, nil)
        }
        Output.exit(ending.code, ending.message)
    }
}

/// One line with the progress, on a terminal.
private struct ProgressLine {
    private let isShown: Bool
    private var isVisible = false

    init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

    mutating func show(_ steps: Int, _ total: Int, _ rate: Double, _ meanReturn: Double) {
        guard isShown else { return }
        isVisible = true
        let mean = meanReturn.isNaN ? "–" : String(format: "%.1f", meanReturn)
        write("\r\u{1B}[Kstep \(steps) of \(total), \(Int(rate)) steps/s, mean return \(mean)")
    }

    mutating func clear() {
        if isVisible { write("\r\u{1B}[K") }
        isVisible = false
    }

    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
