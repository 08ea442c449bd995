import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNDistributed
import Foundation

struct Shard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold a part of the parameters of a run.",
        discussion: """
            Prints 'ready shard INDEX ADDRESS' once it serves, and ends with the run.

            EXAMPLES
              dqn-cluster shard --chief 10.0.0.1:4000 --listen 10.0.0.2 --certificates certificates
            """)
    @OptionGroup var member: MemberOptions
    @Option(
        help: ArgumentHelp(
            "IPv4 address at which the chief and the workers reach this shard; without a port it takes a free one.",
            valueName: "host[:port]"))
    var listen = "127.0.0.1"
    @OptionGroup var options: RoleOptions

    func validate() throws { _ = try listeningAddress(listen) }

    func run() async throws {
        Ending.install()
        let security = try options.checkedSecurity
        // Workers of one job are asked to end together; a shard must stay until the run is saved.
        if options.lifeline { Ending.watchInput { Output.exit(1, "The launcher is gone.") } }
        let chief = try await Output.start { try await member.address(within: options.startTimeout) }
        let box = RoleBox()
        let server = try ClusterServer.shard(listeningAddress(listen), security: security) { box.makeSession() }
        let serving = Task { try await server.run() }
        let port: Int
        do { port = try await server.port } catch {
            let reason = (await serving.result).thrownError ?? error
            Output.exit(1, "The shard cannot listen at \(listen): \(reason)")
        }
        let address = ClusterAddress(host: try listeningAddress(listen).host, port: port)
        let role = ShardRole(name: member.title, address: "\(address)")
        box.set(role)
        let connection = ControlConnection(to: chief, security: security, startTime: options.startTimeout)
        let control = Task { await connection.run(role.receiver) }
        let ending = await Output.onThread { role.run(on: connection.channel, announce: Output.line) }
        await finish(control, ending)
    }
}

/// Reads an address to listen at.
func listeningAddress(_ text: String) throws -> ClusterAddress {
    guard let address = ClusterAddress(text) else {
        throw ValidationError("--listen '\(text)' is not HOST or HOST:PORT.")
    }
    return address
}

/// Lets the last messages of a control stream leave, for a moment, and ends the process.
func finish(_ control: Task<Void, Never>, _ ending: RoleEnding) async -> Never {
    Task {
        try? await Task.sleep(for: .milliseconds(500))
        Output.exitAtOnce(ending)
    }
    await control.value
    Output.exitAtOnce(ending)
}

extension Result {
    /// The error; `nil` for a success.
    var thrownError: Failure? { if case .failure(let error) = self { error } else { nil } }
}

/// The role of a shard whose port must be known before there is one.
///
/// `@unchecked Sendable`: the role is used under the lock.
private final class RoleBox: @unchecked Sendable {
    private let lock = NSLock()
    private var role: ShardRole?

    func set(_ role: ShardRole) { lock.withLock { self.role = role } }

    func makeSession() -> any ExchangeSession { lock.withLock { role }?.makeSession() ?? NoSession() }
}

/// The session of a stream that comes before anybody can know the shard.
private final class NoSession: ExchangeSession {
    func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
