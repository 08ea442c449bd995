@_spi(Distributed) internal import DQNDistributed
internal import GRPCCore

/// Answers control streams.
struct ControlService: RegistrableRPCService {
    private let open: @Sendable (any ControlChannel) -> any ControlReceiver

    init(open: @escaping @Sendable (any ControlChannel) -> any ControlReceiver) { self.open = open }

    /// Registers the method `Control`.
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let open = open
        router.registerHandler(
            forMethod: .control, deserializer: ExchangeDeserializer(), serializer: ControlSerializer()
        ) { request, _ in
            StreamingServerResponse(metadata: [:]) { writer in
                let channel = StreamChannel()
                let receiver = open(channel)
                do {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            for try await message in request.messages { message.withBytes { receiver.receive($0) } }
                        }
                        group.addTask {
                            for await message in channel.outgoing { try await writer.write(message) }
                        }
                        // Either side may end the stream.
                        try await group.next()
                        group.cancelAll()
                    }
                    receiver.lose("has closed its connection")
                } catch {
                    receiver.lose("cannot be reached any more (\(error))")
                }
                channel.close()
                return [:]
            }
        }
    }
}
