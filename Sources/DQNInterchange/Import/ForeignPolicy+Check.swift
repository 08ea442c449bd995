internal import DQNModel
package import Foundation

extension ForeignPolicy {
    /// How far the outputs of an imported network are from stored ones.
    package struct Agreement: Sendable, Equatable {
        /// The number of observations.
        package let observations: Int
        /// The largest absolute difference of a Q-value.
        package let largestDifference: Double
        /// The number of observations whose greedy actions are equal.
        package let equalActions: Int

        /// Whether values differ by 10⁻⁴ or less of their size, or by that much if they are small.
        package let isClose: Bool
    }

    /// Compares the network's outputs with those that its own library computed.
    ///
    /// - Parameter url: A `.npz` file with the arrays `observations` and `values`, a row for each observation.
    /// - Throws: ``InterchangeError``: `missing`; `malformed` if the arrays are not there or do not fit the network.
    package func agreement(withValuesIn url: URL) throws(InterchangeError) -> Agreement {
        let file = "'\(url.lastPathComponent)'"
        let stored = try NumPyArray.read(try ZipArchive(try Self.bytes(of: url)[...], file), file)
        guard case .tensor(let observations)? = stored["observations"], case .tensor(let values)? = stored["values"]
        else { throw .malformed("\(file) needs the arrays 'observations' and 'values'.") }
        let architecture = network.architecture
        let size = architecture.input.count
        let actions = architecture.actionCount
        let count = observations.shape.first ?? 0
        guard count > 0, observations.count == count * size, values.shape == [count, actions] else {
            throw .malformed(
                "\(file) has observations \(observations.shape) and values \(values.shape); the network takes "
                    + "\(architecture.input.shape) and has \(actions) actions.")
        }
        let reference: ReferenceNetwork
        do { reference = try ReferenceNetwork(architecture, network.parameters) } catch {
            throw .malformed(error.message)
        }
        let (inputs, outputs) = (observations.floats, values.doubles)
        var (largest, equal, isClose) = (0.0, 0, true)
        for row in 0..<count {
            let found = reference.values(Array(inputs[(row * size)..<((row + 1) * size)]))
            let expected = Array(outputs[(row * actions)..<((row + 1) * actions)])
            for (mine, theirs) in zip(found, expected) {
                let difference = abs(mine - theirs)
                // A value that is not a number agrees with nothing.
                if !(difference <= 1e-4 * max(1, abs(theirs))) { isClose = false }
                if !(difference <= largest) { largest = difference }
            }
            if Self.greedy(found) == Self.greedy(expected) { equal += 1 }
        }
        return Agreement(observations: count, largestDifference: largest, equalActions: equal, isClose: isClose)
    }

    private static func greedy(_ values: [Double]) -> Int { values.indices.max { values[$0] < values[$1] } ?? 0 }
}
