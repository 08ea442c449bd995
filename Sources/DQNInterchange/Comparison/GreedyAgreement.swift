package import DQNCheckpoint
package import DQNModel
package import Foundation

/// How often two policies choose different actions for the same observations.
package struct GreedyAgreement: Sendable, Equatable {
    /// The number of observations.
    package let observations: Int
    /// The number of observations with different greedy actions.
    package let differing: Int

    /// Multiplications that a comparison may take for each of the policies, some seconds: the computation is simple, and
    /// slow.
    private static let work = 300_000_000
    private static let fewest = 32
    private static let most = 1000

    /// Returns how many observations are compared at most: a thousand, fewer for large networks.
    package static func limit(for architecture: NetworkArchitecture) throws(ModelError) -> Int {
        let layout = try ParameterLayout(architecture)
        let shapes = try architecture.layerShapes()
        let multiplications = layout.entries.enumerated().reduce(1) { sum, item in
            let entry = item.element
            // A convolution uses its weights at each place of its output.
            let layer = entry.name.split(separator: "/").dropFirst().first.flatMap { Int($0) } ?? 0
            let places = entry.shape.count == 4 && layer < shapes.count ? shapes[layer].dropFirst().reduce(1, *) : 1
            return sum + entry.count * places
        }
        return min(max(work / multiplications, fewest), most)
    }

    /// Compares two policies on observations of a replay.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) if the policies observe or act differently.
    package init(
        _ first: CheckpointPolicy, _ second: CheckpointPolicy, on observations: StoredObservations
    ) throws(InterchangeError) {
        try self.init(first, second, (0..<observations.count).lazy.map { observations[$0] })
    }

    /// Compares two policies on the array `observations` of a `.npz` file, a row for each, which the policies' inputs must
    /// fit.
    ///
    /// - Throws: ``InterchangeError``: `missing`; `malformed` if the array is not there or does not fit;
    ///   `notRepresentable` if the policies observe or act differently.
    /// Of more than ``limit(for:)`` rows it takes as many at even distances.
    package init(
        _ first: CheckpointPolicy, _ second: CheckpointPolicy, observationsIn url: URL
    ) throws(InterchangeError) {
        let file = "'\(url.lastPathComponent)'"
        let stored = try NumPyArray.read(try ZipArchive(try ForeignPolicy.bytes(of: url)[...], file), file)
        guard case .tensor(let observations)? = stored["observations"] else {
            throw .malformed("\(file) needs the array 'observations', a row for each observation.")
        }
        let size = first.architecture.input.count
        let count = observations.shape.first ?? 0
        guard count > 0, observations.count == count * size else {
            throw .malformed(
                "\(file) has observations \(observations.shape); the network takes \(first.architecture.input.shape).")
        }
        let values = observations.floats
        let limit: Int
        do throws(ModelError) {
            limit = min(try Self.limit(for: first.architecture), try Self.limit(for: second.architecture))
        } catch { throw .malformed(error.message) }
        let chosen = min(count, limit)
        try self.init(
            first, second,
            (0..<chosen).lazy.map { index in
                let row = index * count / chosen
                return Array(values[(row * size)..<((row + 1) * size)])
            })
    }

    private init(
        _ first: CheckpointPolicy, _ second: CheckpointPolicy, _ observations: some Collection<[Float]>
    ) throws(InterchangeError) {
        let (one, other) = (first.architecture, second.architecture)
        guard one.input == other.input, one.actionCount == other.actionCount else {
            throw .notRepresentable(
                "The policies cannot be compared by their actions: one takes \(one.input.shape) and has "
                    + "\(one.actionCount) actions, the other takes \(other.input.shape) and has \(other.actionCount).")
        }
        let networks: (ReferenceNetwork, ReferenceNetwork)
        do throws(ModelError) {
            networks = (
                try ReferenceNetwork(one, first.parameters), try ReferenceNetwork(other, second.parameters)
            )
        } catch { throw .malformed(error.message) }
        var differing = 0
        for observation in observations {
            let actions = (
                Self.greedy(networks.0.values(observation).prefix(one.actionCount)),
                Self.greedy(networks.1.values(observation).prefix(one.actionCount))
            )
            if actions.0 != actions.1 { differing += 1 }
        }
        self.observations = observations.count
        self.differing = differing
    }

    /// The lowest index of the largest value, as in playing.
    private static func greedy(_ values: ArraySlice<Double>) -> Int {
        values.indices.reduce(values.startIndex) { values[$1] > values[$0] ? $1 : $0 }
    }
}
