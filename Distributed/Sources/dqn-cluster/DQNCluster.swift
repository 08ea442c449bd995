import ArgumentParser
@_spi(Distributed) import DQNCommandLine

struct DQNCluster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-cluster",
        abstract: "Train one run with several processes, on one machine or several.",
        discussion: """
            A chief leases steps to workers and writes the run directory; shards hold the parameters. docs/distributed.md \
            describes how they work together.

            EXIT CODES
              0    Success.
              1    Training failed, a shard or all workers were lost, or the chief was lost.
              64   The command line or the configuration is invalid.
              65   A checkpoint or a certificate is malformed, or a certificate has expired.
              66   An input file or run does not exist.
              77   The environment of the run or file brings code that you have not allowed.
              130  A signal ended the run. It is saved.
            """,
        version: CommandLineTool.version,
        subcommands: [Train.self, Chief.self, Shard.self, Worker.self, Certificates.self, Hold.self])

    /// Parses the command line and runs the command.
    static func start() async { await CommandLineTool.run(Self.self) }
}
