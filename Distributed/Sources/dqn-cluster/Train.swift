import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNDistributed
import Foundation

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start all processes of a run with one command, here or on several hosts.",
        discussion: """
            All other options are the chief's: those of dqn-train and of 'dqn-cluster chief --help'. Without \
            --certificates and --plaintext the command creates certificates for this run and deletes them at its end.

            With --hosts, shards and workers run on these hosts, and the chief here. The command logs in with ssh, which \
            must need no password; ports and keys belong into ~/.ssh/config. The certificates travel through ssh.

            EXAMPLES
              dqn-cluster train --servers 2 --workers 4 --env CartPole-v1 --method async-dqn --out runs/a
              dqn-cluster train --servers 2 --hosts h1:3,alice@h2:3 --env CartPole-v1 --method a3c --out runs/b
              dqn-cluster train --servers 3 --workers 8 --threads 4 --resume runs/a

            EXIT CODES
              As dqn-train. 1 if a shard or the chief was lost, or if a process could not take part.
            """)
    @Option(help: ArgumentHelp("Number of shards.", valueName: "n")) var servers = 1
    @Option(help: ArgumentHelp("Number of workers of all processes together.", valueName: "n")) var workers: Int?
    @Option(help: ArgumentHelp("Number of workers in each process, which share an exchange.", valueName: "n"))
    var threads = 1
    @Option(help: ArgumentHelp("Hosts and their workers, such as h1:3,alice@h2:3.", valueName: "list"))
    var hosts: String?
    @Option(help: ArgumentHelp("IPv4 address by which the hosts reach this one. (default: where ssh comes from)"))
    var address: String?
    @Option(help: ArgumentHelp("Program that reaches the hosts.", valueName: "program")) var ssh = "ssh"
    @Option(help: ArgumentHelp("Path of dqn-cluster on the hosts. (default: the same as here)", valueName: "path"))
    var remoteProgram: String?
    @Option(help: ArgumentHelp("Directory of the run's certificates.", valueName: "dir")) var certificates: String?
    @Flag(help: "Run without encryption: whoever reaches the ports takes part.") var plaintext = false
    @Argument(parsing: .allUnrecognized, help: "Options of the chief.") var chiefOptions: [String] = []

    func validate() throws {
        if plaintext, certificates != nil {
            throw ValidationError("--plaintext cannot be combined with --certificates; choose one.")
        }
    }

    func run() throws {
        let temporary = try certificates == nil && !plaintext ? temporaryCertificates() : nil
        defer { if let temporary { try? FileManager.default.removeItem(atPath: temporary) } }
        var request = LaunchRequest(program: ProgramPath.own)
        request.servers = servers
        request.workers = workers
        request.threads = threads
        request.hosts = hosts
        request.address = address
        request.remoteShell = ssh
        request.remoteProgram = remoteProgram
        request.certificates = certificates ?? temporary.map { "\($0)/certificates" }
        request.chiefArguments = chiefOptions
        let lines = KeptLines(chiefOptions)
        let launch: ClusterLaunch
        do { launch = try ClusterLaunch(request, announce: Output.error, report: lines.add) } catch {
            Output.error("\(error)")
            throw ExitCode(64)
        }
        let code = launch.run()
        lines.end()
        if code != 0 { throw ExitCode(code) }
    }

    /// Creates the certificates of this run in a directory that only this user may enter.
    private func temporaryCertificates() throws -> String {
        let base = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? NSTemporaryDirectory()
        let directory = URL(fileURLWithPath: base).appendingPathComponent("dqn-cluster-\(UUID().uuidString)").path
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try ClusterCertificates.create(in: "\(directory)/certificates")
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            Output.error("the run's certificates cannot be created in '\(base)': \(error); use --certificates")
            throw ExitCode.failure
        }
        return directory
    }
}

/// Where this program is.
enum ProgramPath {
    static var own: String {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return link ?? Bundle.main.executablePath ?? CommandLine.arguments[0]
    }
}
