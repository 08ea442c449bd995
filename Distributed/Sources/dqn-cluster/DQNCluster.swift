import ArgumentParser
import ClusterTransport

@main
struct DQNCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-cluster",
        abstract: "Prepare the processes of a run on several machines.",
        subcommands: [Certificates.self])
}
