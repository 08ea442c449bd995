import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNDistributed
import Foundation

struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take steps of a run; may join and leave at any time.",
        discussion: """
            Prints 'ready worker INDEX …' once its workers have their environments, and ends with the run.

            EXAMPLES
              dqn-cluster worker --chief 10.0.0.1:4000 --certificates certificates
              dqn-cluster worker --chief 10.0.0.1:4000 --certificates certificates --workers 8
            """)
    @OptionGroup var member: MemberOptions
    @Option(help: ArgumentHelp("Number of workers of this process: threads that share one exchange.", valueName: "n"))
    var workers = 1
    @Option(help: ArgumentHelp("Python interpreter for Gymnasium environments.", valueName: "path"))
    var python: String?
    @Option(
        help: ArgumentHelp(
            "Directory with Python modules of your own, for Gymnasium environments. Repeatable.", valueName: "dir"))
    var pythonPath: [String] = []
    @Option(
        help: ArgumentHelp(
            "Time limit in seconds for a step of a Gymnasium environment. (default: 30)", valueName: "seconds"))
    var envTimeout: Double?
    @Flag(help: "Let the run's environment load its code: a plug-in, or Python modules other than Gymnasium's own.")
    var trustEnvironment = false
    @Option(
        help: ArgumentHelp(
            "Time limit in seconds for one step of a worker; a slower worker is considered stuck.",
            valueName: "seconds"))
    var workerTimeout = 120.0
    @OptionGroup var options: RoleOptions

    func validate() throws {
        guard (1...4096).contains(workers) else {
            throw ValidationError("--workers \(workers) is out of range; it must be from 1 to 4096.")
        }
        guard workerTimeout > 0, workerTimeout <= 1e6 else {
            throw ValidationError(
                "--worker-timeout \(workerTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
        if let envTimeout, !(envTimeout > 0 && envTimeout <= 1e6) {
            throw ValidationError(
                "--env-timeout \(envTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
        for path in pythonPath {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw ValidationError(
                    "--python-path: there is no directory '\(path)'; name the directory that holds your modules.")
            }
        }
    }

    func run() async throws {
        Ending.install()
        let security = try options.checkedSecurity
        if options.lifeline { Ending.watchInput { Output.exit(1, "The launcher is gone.") } }
        let chief = try await Output.start { try await member.address(within: options.startTimeout) }
        var settings = WorkerRole.Settings(name: member.title)
        settings.workers = workers
        settings.python = python
        settings.pythonPath = pythonPath.map { URL(fileURLWithPath: $0).path }
        settings.environmentTimeout = envTimeout.map { .seconds($0) }
        settings.trustsEnvironment = trustEnvironment
        settings.workerTimeout = .seconds(workerTimeout)
        let role = WorkerRole(settings) { try ShardConnection.open($0, $1, security: security) }
        let connection = ControlConnection(to: chief, security: security, startTime: options.startTimeout)
        let control = Task { await connection.run(role.receiver) }
        let ending = await Output.onThread {
            role.run(
                on: connection.channel, isInterrupted: { Ending.isRequested }, onOverdue: { Output.exitAtOnce($0) },
                announce: Output.line)
        }
        await finish(control, ending)
    }
}
