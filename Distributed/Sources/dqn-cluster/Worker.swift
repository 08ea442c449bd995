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
    }

    func run() async throws {
        Ending.install()
        let security = try options.security
        if options.lifeline { Ending.watchInput { Output.exit(1, "The launcher is gone.") } }
        let chief = try await Output.start { try await member.address(within: options.startTimeout) }
        var settings = WorkerRole.Settings(name: member.title)
        settings.workers = workers
        settings.python = python
        settings.trustsEnvironment = trustEnvironment
        settings.workerTimeout = .seconds(workerTimeout)
        let role = WorkerRole(settings) { try ShardConnection.open($0, $1, security: security) }
        let connection = ControlConnection(to: chief, security: security, startTime: options.startTimeout)
        let control = Task { await connection.run(role.receiver) }
        let ending = await Output.onThread {
            role.run(on: connection.channel, isInterrupted: { Ending.isRequested }, announce: Output.line)
        }
        await finish(control)
        Output.exit(ending.code, ending.message)
    }
}
