import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNDistributed

@main
struct DQNCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-cluster",
        abstract: "Train with several processes, on one machine or several.",
        subcommands: [Train.self, Certificates.self, Hold.self])

    static func main() {
        ParentProcess.follow()
        main(nil)
    }
}
