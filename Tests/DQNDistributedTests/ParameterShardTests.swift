import DQNCheckpoint
import DQNDistributed
import DQNLearning
import DQNModel
import DQNNetwork
import Testing

@Suite struct ShardRangesTests {
    @Test(arguments: [(1, 1), (16, 1), (17, 2), (1000, 3), (1000, 63), (1_686_180, 30)])
    func rangesCoverEveryElementOnce(count: Int, shards: Int) throws {
        let ranges = try ShardRanges(count: count, shards: shards).ranges
        #expect(ranges.count == shards && ranges.first?.lowerBound == 0 && ranges.last?.upperBound == count)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ranges.allSatisfy { !$0.isEmpty && $0.lowerBound % 16 == 0 })
    }

    @Test(arguments: [0, -1, 3]) func impossibleNumbersOfShardsAreRefused(shards: Int) {
        #expect(throws: ClusterError.self) { try ShardRanges(count: 32, shards: shards) }
    }

    @Test func theDigestTellsNetworksAndDivisionsApart() throws {
        func digest(_ network: String, _ shards: Int) throws -> UInt64 {
            let layout = try ParameterLayout(
                NetworkArchitecture(
                    network, input: .init(shape: [4], element: .float32), actions: 2))
            return try ShardRanges(count: layout.count, shards: shards).digest(of: layout)
        }
        let digests = [try digest("mlp:64", 1), try digest("mlp:64", 2), try digest("mlp:32,16", 1)]
        #expect(Set(digests).count == 3)
        // The example of docs/distributed.md.
        #expect(try digest("mlp:24", 2) == 0x7F4E_D226_09D8_D96C)
        #expect(try digest("mlp:64", 1) == digests[0])
    }
}

@Suite struct ParameterShardTests {
    private static let address = ShardAddress(run: RunIdentity(1, 2), layout: 3, shard: 0)

    private static func state(_ count: Int) -> ParameterState {
        var generator = RandomGenerator(seed: 1)
        let online = (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) }
        return ParameterState(online: online, target: online.map { $0 / 2 }, optimizer: nil)
    }

    private func gradients(_ count: Int, seed: Int) -> [Float] {
        var generator = RandomGenerator(seed: UInt64(seed), stream: "gradients")
        return (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) }
    }

    private func request(
        _ kind: ExchangeHeader.Kind, _ values: [Float] = [], of address: ShardAddress = Self.address,
        _ change: (inout ExchangeHeader) -> Void = { _ in }
    ) -> ExchangeMessage {
        var header = ExchangeHeader(kind, for: address)
        header.rate = 0.01
        change(&header)
        let message = ExchangeMessage(floats: values.count)
        values.withUnsafeBufferPointer { message.write(header, floats: $0) }
        return message
    }

    /// Sends a request and returns the answer's header, and its text if it is a refusal.
    @discardableResult
    private func send(
        _ message: ExchangeMessage, to session: ShardSession
    ) throws -> (header: ExchangeHeader, text: String) {
        try withExtendedLifetime(message) {
            let answer = session.answer(message.bytes)
            let text = String(decoding: answer.dropFirst(ExchangeHeader.byteCount), as: UTF8.self)
            return (try ExchangeHeader(decoding: answer), text)
        }
    }

    /// Steps on parts give the bits of steps on the whole, wherever the parts meet and for each optimiser.
    @Test(arguments: [
        OptimizerConfiguration.adam(), .rmsprop(), .rmsprop(decay: 0.99, epsilon: 0.1, centred: false),
    ])
    func stepsDoNotDependOnTheDivision(optimizer: OptimizerConfiguration) throws {
        let count = 203
        func train(_ ranges: [Range<Int>]) throws -> ParameterState {
            let shards = try ranges.map { range in
                try ParameterShard(Self.address, optimizer, restoring: Self.state(count).part(range))
            }
            let sessions = shards.map { ShardSession(with: $0) }
            for step in 0..<20 {
                let values = gradients(count, seed: step)
                for (session, range) in zip(sessions, ranges) {
                    let answer = try send(request(.push, Array(values[range])) { $0.scale = 0.7 }, to: session)
                    #expect(answer.header.kind == .answer)
                    if step % 5 == 0 { try send(request(.refresh) { $0.rate = step == 0 ? 1 : 0.3 }, to: session) }
                }
            }
            return try ParameterState(joining: shards.map { $0.snapshot() })
        }
        let whole = try train([0..<count])
        for bounds in [[0, 16, 203], [0, 1, 203], [0, 7, 8, 101, 202, 203], Array(0...203)] {
            let parts = try train(zip(bounds, bounds.dropFirst()).map { $0..<$1 })
            #expect(parts.online == whole.online && parts.target == whole.target, "\(bounds)")
            #expect(parts.optimizer == whole.optimizer && parts.updateCount == 20 && parts.targetRefreshCount == 4)
        }
    }

    @Test func refusedRequestsChangeNothing() throws {
        let shard = try ParameterShard(Self.address, .adam(), restoring: Self.state(20))
        let before = shard.snapshot()
        let session = ShardSession(with: shard)
        let values = gradients(20, seed: 1)
        var (otherRun, otherLayout, otherShard) = (Self.address, Self.address, Self.address)
        otherRun.run = RunIdentity(1, 3)
        otherLayout.layout = 4
        otherShard.shard = 1
        let requests = [
            (request(.push, values, of: otherRun), "another run"),
            (request(.push, values, of: otherLayout), "its network or its division"),
            (request(.push, values, of: otherShard), "meant for shard 1"),
            (request(.push, Array(values.dropLast())), "19 floats, but the shard has 20"),
            (request(.push, values.dropLast() + [.nan]), "NaN or infinite"),
            (request(.push, values) { $0.rate = .infinity }, "NaN or infinite"),
            (request(.push, values) { $0.scale = .nan }, "NaN or infinite"),
            (request(.refresh) { $0.rate = 2 }, "its rate is 2.0"),
            (request(.refresh) { $0.rate = .nan }, "its rate is nan"),
            (request(.answer, values), "it is an answer"),
        ]
        for (message, reason) in requests {
            let answer = try send(message, to: session)
            #expect(answer.header.kind == .refusal && answer.text.contains(reason), "\(answer.text)")
        }
        let garbage = session.answer(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(try ExchangeHeader(decoding: garbage).kind == .refusal)
        let after = shard.snapshot()
        #expect(after.online == before.online && after.optimizer == before.optimizer && after.updateCount == 0)
        #expect(after.target == before.target && after.targetRefreshCount == 0)
    }

    @Test func staleGradientsAreDroppedAndCounted() throws {
        let shard = try ParameterShard(Self.address, .adam(), restoring: Self.state(20), maximumStaleness: 2)
        let session = ShardSession(with: shard)
        func push(version: UInt64) throws -> ExchangeHeader {
            try send(request(.push, gradients(20, seed: 1)) { $0.version = version }, to: session).header
        }
        for _ in 0..<3 { #expect(try !push(version: 0).flags.contains(.isDropped)) }
        let before = shard.snapshot()
        #expect(try push(version: 0).flags.contains(.isDropped))
        #expect(shard.snapshot().online == before.online && shard.snapshot().optimizer == before.optimizer)
        #expect(shard.counts.updates == 3 && shard.counts.refreshes == 0 && shard.counts.dropped == 1)
        #expect(try !push(version: 1).flags.contains(.isDropped))
    }

    @Test func aStateReturnsAsItWas() throws {
        let shard = try ParameterShard(Self.address, .rmsprop(), restoring: Self.state(20))
        try send(request(.push, gradients(20, seed: 2)), to: ShardSession(with: shard))
        let state = shard.snapshot()
        let bytes = try ShardPart.encode(state)
        let decoded = try bytes.withUnsafeBytes { try ShardPart.decode($0, elements: 20) }
        #expect(decoded.online == state.online && decoded.target == state.target)
        #expect(decoded.optimizer == state.optimizer && decoded.updateCount == 1)
        for length in 0..<bytes.count {
            #expect(throws: ClusterError.self) {
                try bytes[..<length].withUnsafeBytes { try ShardPart.decode($0, elements: 20) }
            }
        }
        #expect(throws: ClusterError.self) { try bytes.withUnsafeBytes { try ShardPart.decode($0, elements: 21) } }
    }
}
