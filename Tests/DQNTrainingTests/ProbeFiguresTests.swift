import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Testing

/// The figures of a probe batch and the signs in them, against networks and histories made by hand.
@Suite struct ProbeFiguresTests {
    /// h = relu([x₀, −x₀, −1, x₁]), outputs = W h, for 40 observations x = (i, 0 or 1).
    private func figures(_ head: NetworkArchitecture.Head, _ rows: [[Float]]) throws -> ProbeFigures {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [2], element: .float32), layers: [.dense(units: 4)], head: head)
        let values: [Float] = [1, 0, -1, 0, 0, 0, 0, 1] + [0, 0, -1, 0] + rows.flatMap(\.self) + rows.map { _ in 0 }
        let parameters = try ParameterSlab(layout: ParameterLayout(architecture), values: values)
        let observations = (0..<40).map { Observation([Float($0), Float($0 % 2)]) }
        return try ProbeFigures(of: observations, architecture, OneDNNBackend(), parameters)
    }

    @Test func countsDeadUnitsAndTheSpreadOfActionValues() throws {
        let found = try figures(.actionValues(actions: 2), [[2, 0, 0, 0], [0, 0, 0, 3]])
        // −x₀ is zero because x₀ ≥ 0, and the third unit because of its bias.
        #expect(found.layers == [.init(name: "layers/0", units: 4, dead: 2)])
        #expect(found.distinctObservations == 40 && found.actions == 2 && found.entropy == nil)
        // Q = (2 i, 3 (i mod 2)); the larger one is 2 i except for i = 1.
        #expect(abs(found.mean - (39 + 1.0 / 40)) < 1e-9)
        // Population deviations: 2 √((40² − 1) / 12) and 3 / 2.
        let expected = (2 * (1_599.0 / 12).squareRoot() + 1.5) / 2
        #expect(abs(found.spread - expected) < 1e-6)
        #expect(found.row["train/dead_units/layers/0"] == 0.5)
        #expect(found.row["train/q_mean"] == found.mean && found.row["train/q_std"] == found.spread)
    }

    @Test func takesValueAndEntropyOfAnActorCritic() throws {
        let found = try figures(.actorCritic(actions: 2), [[0, 0, 0, 50], [0, 0, 0, 0], [1, 0, 0, 0]])
        #expect(abs(found.mean - 19.5) < 1e-9)
        #expect(abs(found.spread - (1_599.0 / 12).squareRoot()) < 1e-6)
        // Uniform for even i, certain for odd i.
        #expect(abs(try #require(found.entropy) - 0.5 * 0.6931471805599453) < 1e-9)
        #expect(found.row["train/value_std"] == found.spread && found.row["train/q_std"] == nil)
    }

    private func history(_ returns: [Double], losses: [Double] = []) -> MetricHistory {
        var history = MetricHistory()
        for (index, value) in returns.enumerated() {
            var row = ["eval/mean_reward": value]
            if losses.indices.contains(index) { row["train/loss"] = losses[index] }
            history.append(agentSteps: (index + 1) * 10, row)
        }
        return history
    }

    private func signs(
        _ history: MetricHistory, _ change: (inout ProbeFigures) -> Void = { _ in }, actorCritic: Bool = false
    ) throws -> Set<RunHealth.Sign> {
        var probe =
            actorCritic
            ? try figures(.actorCritic(actions: 2), [[0, 0, 0, 50], [0, 0, 0, 0], [1, 0, 0, 0]])
            : try figures(.actionValues(actions: 2), [[2, 0, 0, 0], [0, 0, 0, 3]])
        change(&probe)
        var configuration = TrainingConfiguration()
        configuration.scheduleSteps = 100
        var health = RunHealth()
        let warnings = health.check(history, probe, configuration)
        #expect(warnings.count == health.warnings.count)
        #expect(RunHealth(restoring: [health.group].compactMap(\.self)) == health)
        // Each is said once.
        #expect(health.check(history, probe, configuration) == [])
        return Set(health.warnings.keys)
    }

    @Test func findsDeadLayersAndEqualValues() throws {
        #expect(try signs(history([1])) == [])
        let mostlyDead = ProbeFigures.Layer(name: "layers/1", units: 4, dead: 3)
        func dying(_ fractions: [Double]) -> MetricHistory {
            var history = MetricHistory()
            for (index, value) in fractions.enumerated() {
                history.append(
                    agentSteps: index + 1, ["eval/mean_reward": Double(index), "train/dead_units/layers/1": value])
            }
            return history
        }
        #expect(try signs(dying([0.2, 0.6, 0.75])) { $0.layers.append(mostlyDead) } == [.deadUnits])
        // Once is not enough.
        #expect(try signs(dying([0.6, 0.2, 0.75])) { $0.layers.append(mostlyDead) } == [])
        #expect(try signs(dying([0.75])) { $0.layers.append(mostlyDead) } == [])
        #expect(try signs(history([1])) { $0.spread = 1e-4 } == [.equalValues])
        // Too few observations say nothing.
        #expect(
            try signs(dying([0.75, 0.75])) {
                $0.layers.append(mostlyDead)
                $0.distinctObservations = 7
            } == [])
    }

    @Test func findsALossThatGrowsWithoutEnd() throws {
        let returns = [1.0, 2, 1, 2, 1, 2]
        #expect(try signs(history(returns, losses: [1, 10, 100, 1e3, 1e4, 1e5])) == [.growingLoss])
        #expect(try signs(history(returns, losses: [1, 2, 4, 8, 16, 32])) == [])
        #expect(try signs(history(returns, losses: [1, 10, 100, 99, 1e4, 1e5])) == [])
        #expect(try signs(history(Array(returns.dropLast()), losses: [1, 10, 100, 1e3, 1e4])) == [])
    }

    @Test func findsAnEntropyThatIsGone() throws {
        #expect(try signs(history([1, 2]), actorCritic: true) == [])
        #expect(try signs(history([2, 1]), { $0.entropy = 1e-4 }, actorCritic: true) == [.entropyGone])
        // A policy that is certain and better than ever is what is wanted.
        #expect(try signs(history([1, 2]), { $0.entropy = 1e-4 }, actorCritic: true) == [])
    }

    @Test func findsEvaluationsThatNeverChange() throws {
        let same = [Double](repeating: -200, count: 5)
        #expect(try signs(history(same)) == [.constantEvaluations])
        #expect(try signs(history([-199] + same)) == [])
        // Only half of the schedule may show it.
        #expect(try signs(history(Array(same.dropLast()))) == [])
    }
}
