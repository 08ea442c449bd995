@_spi(Distributed) package import DQNDistributed
package import GRPCCore

/// Answers the exchange streams of worker processes; each stream has its own session.
package struct ExchangeService: RegistrableRPCService {
    private let makeSession: @Sendable () -> any ExchangeSession

    /// Creates a service.
    ///
    /// - Parameter makeSession: called once for each stream; the session is used by this stream alone.
    package init(makeSession: @escaping @Sendable () -> any ExchangeSession) { self.makeSession = makeSession }

    /// Registers the method `Exchange`.
    package func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let makeSession = makeSession
        router.registerHandler(
            forMethod: .exchange, deserializer: ExchangeDeserializer(), serializer: ExchangeSerializer()
        ) { request, _ in
            StreamingServerResponse(metadata: [:]) { writer in
                let session = makeSession()
                for try await message in request.messages {
                    let answer = message.withBytes { OutgoingMessage(bytes: session.answer($0), owner: session) }
                    // The writer copies the bytes before it returns; the session reuses them for the next answer.
                    try await writer.write(answer)
                }
                return [:]
            }
        }
    }
}
