import ArgumentParser
@_spi(Distributed) import DQNDistributed
import Foundation

struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a process of a run that another host has started through ssh.",
        discussion: """
            'dqn-cluster train --hosts' starts this command on the hosts. It reads the run's certificates from standard
            input and ends the process when standard input closes.
            """, shouldDisplay: false)
    @Option(help: "Names the process in messages.") var name: String
    @Argument(parsing: .postTerminator, help: "The role and its options.") var command: [String]

    func run() throws {
        let code = ClusterHold.run(program: ProgramPath.own, name: name, arguments: command, report: Output.error)
        if code != 0 { throw ExitCode(code) }
    }
}
