import ArgumentParser
import ClusterTransport
@_spi(Distributed) import DQNDistributed
import Foundation
import Synchronization

/// Measures exchanges between two processes with the transport of a run, without optimiser or training.
/// `Benchmarks/exchange/run` starts it.
@main
struct ExchangeBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange-bench", abstract: "Measure the transport between a worker and a shard.",
        subcommands: [Serve.self, Exchange.self])
}

struct CommonOptions: ParsableArguments {
    @Option(help: "IPv4 address of the server.") var host = "127.0.0.1"
    @Option(help: "Directory of certificates; without it, nothing is encrypted.") var certificates: String?
    @Option(help: "Bytes of a message, in each direction.") var bytes = 2_700_000

    var security: ClusterSecurity { certificates.map { .certificates(directory: $0) } ?? .plaintext }

    func validate() throws {
        guard (1...(1 << 28)).contains(bytes) else { throw ValidationError("--bytes must be from 1 to 268435456.") }
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer every message with one of the same length, until standard input closes.")
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let counter = ExchangeCounter()
        let bytes = options.bytes
        let server = ClusterServer.shard(ClusterAddress(host: options.host, port: 0), security: options.security) {
            EchoSession(bytes: bytes, counter: counter)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try Output.line("ready \(options.host):\(try await server.port)")
            let start = ProcessorTime.seconds
            await Self.endOfInput()
            try Output.json(Served(exchanges: counter.count, processor_seconds: ProcessorTime.seconds - start))
            // Streams whose client is gone need no farewell.
            Self.exit(withError: nil)
        }
    }

    private struct Served: Encodable {
        let exchanges: Int
        let processor_seconds: Double
    }

    private static func endOfInput() async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var byte: UInt8 = 0
                while read(STDIN_FILENO, &byte, 1) > 0 {}
                continuation.resume()
            }
        }
    }
}

struct Exchange: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Exchange messages with a server as fast as possible.")
    @OptionGroup var options: CommonOptions
    @Option(help: "Port of the server.") var port: Int
    @Option(help: "Seconds to measure, after a warm-up of a fifth of them.") var seconds = 3.0

    func run() async throws {
        let connection = ShardConnection(
            to: "the server", ClusterAddress(host: options.host, port: port), security: options.security)
        let (bytes, seconds) = (options.bytes, seconds)
        let measured = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            // On a thread of its own, as a worker does.
            let result: Result<Measured, any Error> = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        returning: Result { try Self.measure(connection, bytes: bytes, seconds: seconds) })
                }
            }
            connection.close()
            group.cancelAll()
            return try result.get()
        }
        try Output.json(measured)
    }

    private struct Measured: Encodable {
        let exchanges: Int
        let seconds: Double
        let processor_seconds: Double
        let median_seconds: Double
        let p95_seconds: Double
    }

    private static func measure(_ connection: ShardConnection, bytes: Int, seconds: Double) throws -> Measured {
        let request = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
        let mirror = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
        defer {
            request.deallocate()
            mirror.deallocate()
        }
        // What a compressing layer could not shrink.
        for index in 0..<bytes { request[index] = UInt8(truncatingIfNeeded: (index &* 2_654_435_761) >> 13) }
        func exchange() throws {
            try connection.send(UnsafeRawBufferPointer(request))
            try connection.receive { answer in
                precondition(answer.count == bytes, "the server answers with another length")
                mirror.copyMemory(from: answer)
            }
        }
        let clock = ContinuousClock()
        let warm = clock.now
        while clock.now - warm < .seconds(seconds / 5) { try exchange() }
        var times: [Double] = []
        times.reserveCapacity(1 << 20)
        let (start, processor) = (clock.now, ProcessorTime.seconds)
        var last = start
        while last - start < .seconds(seconds) {
            try exchange()
            let now = clock.now
            times.append((now - last) / .seconds(1))
            last = now
        }
        let used = ProcessorTime.seconds - processor
        times.sort()
        return Measured(
            exchanges: times.count, seconds: (last - start) / .seconds(1), processor_seconds: used,
            median_seconds: times[times.count / 2], p95_seconds: times[min(times.count - 1, times.count * 95 / 100)])
    }
}
