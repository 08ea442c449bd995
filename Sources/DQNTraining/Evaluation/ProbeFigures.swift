package import DQNModel
package import DQNNetwork
package import DQNReport

/// What the outputs and the hidden layers of a network show on a batch of observations.
package struct ProbeFigures: Sendable, Equatable {
    /// The dead units of a hidden layer with an activation function that can be zero.
    package struct Layer: Sendable, Equatable {
        /// As in the names of its parameters: `layers/0`.
        package let name: String
        /// The units of a dense layer, or the channels of a convolution.
        package let units: Int
        /// Units whose output is zero for every observation; channels for which it is so at every position.
        ///
        /// This is τ-dormancy (Sokar 2023) with τ = 0.
        package let dead: Int
        /// The dead fraction.
        package var deadFraction: Double { Double(dead) / Double(units) }

        /// Creates figures.
        package init(name: String, units: Int, dead: Int) {
            self.name = name
            self.units = units
            self.dead = dead
        }
    }

    /// The hidden layers; empty if the backend does not report their outputs.
    package var layers: [Layer] = []
    /// The mean of max_a Q over the observations; of V for an actor-critic.
    package var mean = 0.0
    /// The standard deviation of Q(·, a) over the observations, averaged over the actions; that of V for an
    /// actor-critic.
    package var spread = 0.0
    /// The mean entropy of an actor-critic's policy per observation, in nats.
    package var entropy: Double?
    /// The distribution of Q(·, a) over observations and actions; of V for an actor-critic. `nil` without a finite one.
    package private(set) var histogram: EventHistogram?
    /// The number of different observations.
    package var distinctObservations: Int
    /// The number of actions.
    package let actions: Int

    /// Outputs up to this size count as zero: those of `silu` and `gelu` approach zero without reaching it.
    private static let zero: Float = 1e-6
    /// Observations per pass.
    static let batchSize = 32

    /// Measures a batch.
    ///
    /// - Parameter onPass: called after every pass.
    package init(
        of observations: [Observation], _ architecture: NetworkArchitecture, _ backend: any ComputeBackend,
        _ parameters: ParameterSlab, onPass: () -> Void = {}
    ) throws {
        actions = architecture.actionCount
        distinctObservations = Set(observations.map(\.bytes)).count
        // Only a computation for training keeps the outputs of its hidden layers.
        let computation = try backend.makeComputation(of: architecture, batchSize: Self.batchSize, training: true)
        try computation.use(parameters)
        var outputs: [[Float]] = []
        var hidden: [HiddenActivity] = []
        for start in stride(from: 0, to: observations.count, by: Self.batchSize) {
            let batch = observations[start..<min(start + Self.batchSize, observations.count)]
            for (row, observation) in batch.enumerated() {
                observation.withBytes { computation.load($0, row: row, offset: 0) }
            }
            let values = try computation.forward()
            let width = architecture.outputCount
            for row in 0..<batch.count { outputs.append(Array(values[row * width..<(row + 1) * width])) }
            for (index, layer) in (computation.hiddenOutputs() ?? []).enumerated() {
                if hidden.count <= index { hidden.append(HiddenActivity(layer)) }
                hidden[index].add(layer, rows: batch.count)
            }
            onPass()
        }
        let names = Set(architecture.layersThatCanDie)
        layers = hidden.filter { names.contains($0.name) }.map {
            Layer(name: $0.name, units: $0.units, dead: $0.maxima.count { $0 <= Self.zero })
        }
        measure(outputs, architecture)
    }

    private mutating func measure(_ outputs: [[Float]], _ architecture: NetworkArchitecture) {
        if architecture.isActorCritic {
            let values = outputs.map { Double($0[actions]) }
            (mean, spread) = Self.summary(values)
            histogram = EventHistogram(values)
            entropy =
                outputs.reduce(0) { $0 + $1[..<actions].withUnsafeBufferPointer(SoftmaxPolicy.entropy) }
                / Double(outputs.count)
            return
        }
        let perAction = architecture.outputCount / actions
        let values = outputs.map { row in
            // The mean of an action's quantiles, or the value itself.
            (0..<actions).map { action in
                row[action * perAction..<(action + 1) * perAction].reduce(0) { $0 + Double($1) } / Double(perAction)
            }
        }
        histogram = EventHistogram(values.flatMap(\.self))
        mean = Self.summary(values.map { $0.max() ?? 0 }).mean
        spread =
            (0..<actions).reduce(0) { sum, action in sum + Self.summary(values.map { $0[action] }).deviation }
            / Double(actions)
    }

    private static func summary(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }

    /// The columns of a row of metrics.
    package var row: [String: Double] {
        let names = entropy == nil ? ("train/q_mean", "train/q_std") : ("train/value_mean", "train/value_std")
        var row = [names.0: mean, names.1: spread]
        row["train/entropy_per_step"] = entropy
        for layer in layers { row[Self.column(layer.name)] = layer.deadFraction }
        return row
    }

    /// The names of the columns for an architecture, in order.
    static func columns(_ architecture: NetworkArchitecture) -> [String] {
        let values =
            architecture.isActorCritic
            ? ["train/value_mean", "train/value_std", "train/entropy_per_step"] : ["train/q_mean", "train/q_std"]
        return values + architecture.layersThatCanDie.map(column)
    }

    static func column(_ layer: String) -> String { "train/dead_units/\(layer)" }
}

/// The largest outputs of a hidden layer's units over a batch.
private struct HiddenActivity {
    let name: String
    let units: Int
    private(set) var maxima: [Float]

    init(_ layer: HiddenOutputs) {
        name = layer.name
        units = layer.units
        maxima = Array(repeating: 0, count: layer.units)
    }

    /// Adds the first rows of a pass.
    mutating func add(_ layer: HiddenOutputs, rows: Int) {
        let positions = layer.positions
        for row in 0..<rows {
            for unit in 0..<units {
                let start = (row * units + unit) * positions
                for value in layer.values[start..<start + positions] where abs(value) > maxima[unit] {
                    maxima[unit] = abs(value)
                }
            }
        }
    }
}

extension NetworkArchitecture {
    /// Whether the outputs are a policy's logits and a state's value.
    fileprivate var isActorCritic: Bool {
        if case .actorCritic = head { return true }
        return false
    }

    /// The hidden layers whose units can be zero for every input, by the names of their parameters.
    fileprivate var layersThatCanDie: [String] {
        let shared = trunk.enumerated().map { (name: "layers/\($0.offset)", layer: $0.element) }
        let ofStreams = streams.flatMap { stream in stream.hidden.map { (name: $0.name, layer: $0.layer) } }
        return (shared + ofStreams).filter { $0.layer.activation.canDie }.map { $0.name }
    }
}

extension NetworkArchitecture.Activation {
    /// Whether it is zero, or nearly so, for all inputs below some value.
    fileprivate var canDie: Bool {
        switch self {
        case .relu, .silu, .gelu: true
        case .tanh, .sigmoid, .elu, .identity: false
        }
    }
}
