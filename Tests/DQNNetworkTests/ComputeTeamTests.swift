import DQNModel
import DQNNetwork
import Foundation
import Testing

/// One update's outputs and gradients of a network, computed by a team.
private func update(
    _ network: String, _ input: ObservationSpace, _ head: NetworkArchitecture.Head, batch: Int, team: ComputeTeam?
) throws -> [Float] {
    let architecture = try NetworkArchitecture(network, input: input, head: head)
    let layout = try ParameterLayout(architecture)
    let parameters = ParameterSlab(layout: layout)
    let gradients = ParameterSlab(layout: layout)
    var generator = RandomGenerator(seed: 3)
    parameters.initialize(using: &generator)
    ComputeThreads.useCallingThreadOnly()
    let computation = try OneDNNBackend(team: team).makeComputation(of: architecture, batchSize: batch, training: true)
    let optimizer = Optimizer(.rmsprop(), layout: layout, team: team)
    var results: [Float] = []
    for _ in 0..<3 {
        try computation.use(parameters)
        for row in 0..<batch {
            let bytes = (0..<input.count * input.element.byteCount).map { _ in UInt8(generator.integer(below: 60)) }
            bytes.withUnsafeBytes { computation.load($0, row: row, offset: 0) }
        }
        results += try computation.forward()
        for index in computation.outputGradient.indices { computation.outputGradient[index] = Float(index % 5) - 2 }
        try computation.backward(into: gradients)
        results += gradients.values
        optimizer.step(parameters, gradients: gradients, learningRate: 1e-3)
    }
    return results + parameters.values
}

@Suite struct ComputeTeamTests {
    @Test(arguments: [
        ("mlp:32,24", ObservationSpace(shape: [5], element: .uint8), 13),
        // Threads meet within layers, and outputs that no group fills.
        ("mlp:100,72,50", ObservationSpace(shape: [48], element: .uint8), 40),
        ("mlp:64,64+tanh+norm", ObservationSpace(shape: [6], element: .uint8), 7),
        ("conv:16k4s2,8k3s1/fc40", ObservationSpace(shape: [2, 20, 20], element: .uint8), 5),
        // Fewer rows than threads.
        ("mlp:8", ObservationSpace(shape: [3], element: .uint8), 2),
    ])
    func aTeamComputesWhatOneThreadComputes(network: String, input: ObservationSpace, batch: Int) throws {
        try compare(network, input, .actionValues(actions: 3), batch: batch)
    }

    @Test(arguments: [NetworkArchitecture.Head.dueling(actions: 3), .actorCritic(actions: 3)])
    func aTeamComputesStreamsOfAHead(head: NetworkArchitecture.Head) throws {
        try compare("mlp:48+head:40/24", ObservationSpace(shape: [6], element: .uint8), head, batch: 9)
        try compare(
            "conv:16k4s2,8k3s1/fc40", ObservationSpace(shape: [2, 20, 20], element: .uint8), head, batch: 5)
    }

    private func compare(
        _ network: String, _ input: ObservationSpace, _ head: NetworkArchitecture.Head, batch: Int
    ) throws {
        let alone = try update(network, input, head, batch: batch, team: nil)
        for threads in 1...4 {
            let team = ComputeTeam(threads: threads)
            let together = try update(network, input, head, batch: batch, team: team)
            let scale = alone.reduce(0) { max($0, abs($1)) }
            for (one, other) in zip(alone, together) { #expect(abs(one - other) <= 2e-5 * scale) }
            // The same number of threads gives the same bits, regardless of timing.
            #expect(try update(network, input, head, batch: batch, team: team) == together)
            if threads == 1 { #expect(together == alone) }
        }
    }

    @Test func aTeamThatSleptGoesOnWorking() throws {
        final class Count: TeamWork, @unchecked Sendable {
            // Each part has its own place, read after the team has finished.
            let places = UnsafeMutablePointer<Int>.allocate(capacity: 3)
            init() { places.initialize(repeating: 0, count: 3) }
            deinit { places.deallocate() }
            func perform(part: Int) { places[part] += 1 }
        }
        let team = ComputeTeam(threads: 3)
        let count = Count()
        for round in 1...200 {
            // Longer than helpers poll for work.
            if round % 20 == 0 { Thread.sleep(forTimeInterval: 0.002) }
            team.run(count)
            #expect((0..<3).map { count.places[$0] } == [round, round, round])
        }
    }
}
