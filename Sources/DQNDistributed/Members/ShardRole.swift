internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport

/// A parameter server: takes its part of the parameters from the chief, serves workers, and ends with the run.
///
/// `@unchecked Sendable`: the shard is used under the lock.
@_spi(Distributed) public final class ShardRole: @unchecked Sendable {
    private let name: String
    private let address: String
    private let inbox = ControlInbox()
    private let lock = Lock()
    private var shard: ParameterShard?

    /// Creates a role.
    ///
    /// - Parameters:
    ///   - name: in messages, such as `h2, process 4711`.
    ///   - address: where workers reach its sessions.
    @_spi(Distributed) public init(name: String, address: String) {
        self.name = name
        self.address = address
    }

    /// Where what the chief sends is delivered.
    @_spi(Distributed) public var receiver: any ControlReceiver { inbox }

    /// Creates the session of a worker's stream.
    @_spi(Distributed) public func makeSession() -> any ExchangeSession {
        AwaitingSession { [self] in lock.withLock { shard } }
    }

    /// Serves until the end of the run.
    ///
    /// - Parameters:
    ///   - channel: to the chief.
    ///   - announce: receives `ready shard 0 ADDRESS` once the shard serves.
    @_spi(Distributed) public func run(on channel: any ControlChannel, announce: (String) -> Void) -> RoleEnding {
        let life = SignsOfLife(to: channel, inbox)
        defer { withExtendedLifetime(life) { channel.close() } }
        channel.send(.join(name, role: "shard", address: address))
        while true {
            let message = inbox.next(within: 1)
            if let ending = RoleEnding(message, inbox.lossAfterAll) { return ending }
            guard let message, message.type == .assign else { continue }
            do {
                let shard = try Self.shard(message)
                lock.withLock { self.shard = shard }
                channel.send(ControlMessage(.ready))
                announce("ready shard \(shard.address.shard) \(address)")
            } catch {
                var message = ControlMessage(.failed)
                message.reason = systemReason(error)
                channel.send(message)
                return RoleEnding(1, "The shard cannot be started: \(systemReason(error))")
            }
        }
    }

    private static func shard(_ message: ControlMessage) throws -> ParameterShard {
        guard let run = message.run, let layout = message.layout.flatMap({ UInt64($0, radix: 16) }),
            let index = message.shard.flatMap({ UInt32(exactly: $0) }), let elements = message.elements, elements > 0,
            let configuration = message.configuration
        else { throw ClusterError.malformed("an assignment lacks a part") }
        let state = try message.payload.withUnsafeBytes { bytes throws(ClusterError) in
            try ShardPart.decode(bytes, elements: elements)
        }
        return try ParameterShard(
            ShardAddress(run: run, layout: layout, shard: index),
            try TrainingConfiguration(json: configuration).optimizer, restoring: state,
            maximumStaleness: message.maximumStaleness)
    }
}

/// A session that refuses everything until its shard has its part.
private final class AwaitingSession: ExchangeSession {
    private let shard: () -> ParameterShard?
    private var session: ShardSession?
    private let refusal = ExchangeMessage(floats: 64)

    init(_ shard: @escaping () -> ParameterShard?) { self.shard = shard }

    func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if session == nil { session = shard().map(ShardSession.init) }
        if let session { return session.answer(message) }
        var header = ExchangeHeader(.refusal, for: ShardAddress(run: RunIdentity(0, 0), layout: 0, shard: 0))
        if let request = try? ExchangeHeader(decoding: message) { header.sequence = request.sequence }
        Array("The shard does not serve a run yet; start all processes of a run with the same chief.".utf8)
            .withUnsafeBytes { refusal.write(header, $0) }
        return refusal.bytes
    }
}

extension ControlMessage {
    /// Asks to take part.
    static func join(_ name: String, role: String, address: String? = nil, count: Int? = nil) -> Self {
        var message = Self(.join)
        message.protocolVersion = Int(ExchangeHeader.protocolVersion)
        message.release = Writer.current.version
        message.name = name
        message.role = role
        message.address = address
        message.count = count
        return message
    }
}
