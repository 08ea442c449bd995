/// What starts the processes of a run with one command.
@_spi(Distributed) public struct LaunchRequest: Sendable {
    /// The path of `dqn-cluster` on this host.
    @_spi(Distributed) public var program: String
    /// The number of shards.
    @_spi(Distributed) public var servers = 1
    /// The number of workers in all processes together; `nil` if the hosts give it.
    @_spi(Distributed) public var workers: Int?
    /// The number of workers in each process, which share an exchange.
    @_spi(Distributed) public var threads = 1
    /// The hosts and their workers, as in `h1:3,h2:3`; `nil` for this host alone.
    @_spi(Distributed) public var hosts: String?
    /// The program that reaches other hosts, such as `ssh`.
    @_spi(Distributed) public var remoteShell = "ssh"
    /// The path of `dqn-cluster` on the hosts; `nil` for the same as here.
    @_spi(Distributed) public var remoteProgram: String?
    /// The IPv4 address by which the hosts reach this one; `nil` for the one that ssh came from.
    @_spi(Distributed) public var address: String?
    /// The directory of the run's certificates on this host; `nil` for a run without encryption.
    @_spi(Distributed) public var certificates: String?
    /// The options of the chief, as they were given.
    @_spi(Distributed) public var chiefArguments: [String] = []
    /// Environment variables of the processes on this host; `nil` for those of this one.
    package var environment: [String: String]?
    /// Whether signals to this process go to the chief. A process that is no launcher keeps its own handlers.
    package var forwardsSignals = true

    /// Creates a request for one shard and one worker on this host.
    @_spi(Distributed) public init(program: String) { self.program = program }
}
