import DQNModel
import DQNNetwork
import DQNSupport
import Testing

/// A pass of a large batch gives signs of progress and can be cut short; the next one is whole again.
@Suite struct PulseTests {
    @Test(arguments: ["mlp:32,32", "nips-cnn"], [1, 2])
    func pass(network: String, threads: Int) throws {
        let input: ObservationSpace =
            network == "nips-cnn"
            ? ObservationSpace(shape: [4, 84, 84], element: .uint8) : ObservationSpace(shape: [4], element: .float32)
        let architecture = try NetworkArchitecture(network, input: input, head: .actionValues(actions: 3))
        let backend = OneDNNBackend(team: threads > 1 ? ComputeTeam(threads: threads) : nil)
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        for index in parameters.elements.indices { parameters.elements[index] = Float(index % 7 - 3) / 100 }
        let heartbeat = Heartbeat()
        let result = Results()
        JobThread(name: "pass", heartbeat: heartbeat) {
            result.result = Result {
                let gradients = ParameterSlab(layout: layout)
                let computation = try backend.makeComputation(of: architecture, batchSize: 128, training: true)
                try computation.use(parameters)
                let isCut = { (error: any Error) in
                    error is Heartbeat.UpdateCut || (error as? NetworkError)?.underlying is Heartbeat.UpdateCut
                }
                func pass() throws -> Bool {
                    try Heartbeat.update(heartbeat, isCut: isCut) {
                        let outputs = try computation.forward()
                        for index in outputs.indices { computation.outputGradient[index] = Float(index % 3) }
                        try computation.backward(into: gradients)
                    }
                }
                let beats = heartbeat.beats
                var taken = [try pass()]
                let signs = heartbeat.beats - beats
                let first = gradients.values
                heartbeat.askToCutUpdate()
                taken.append(try pass())
                // Outside of an update nothing is cut.
                _ = try computation.forward()
                heartbeat.withdrawRequests()
                taken.append(try pass())
                return (taken, signs, gradients.values == first)
            }
        }.join()
        let (taken, signs, isEqual) = try #require(result.result).get()
        #expect(taken == [true, false, true])
        #expect(signs > 2)
        #expect(isEqual)
    }

    /// Written by the thread before its end, and read after it.
    private final class Results: @unchecked Sendable {
        var result: Result<([Bool], Int, Bool), any Error>?
    }
}
