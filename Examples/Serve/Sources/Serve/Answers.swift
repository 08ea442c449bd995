import DQNModel
import Foundation

/// What clients on several threads asked and were told.
///
/// `@unchecked Sendable`: the arrays are touched only while `lock` is held.
final class Answers: @unchecked Sendable {
    private let lock = NSLock()
    private var observations: [Observation] = []
    private var actions: [Int] = []

    func append(_ observation: Observation, _ action: Int) {
        lock.withLock {
            observations.append(observation)
            actions.append(action)
        }
    }

    /// Everything, in the order of the answers.
    var all: (observations: [Observation], actions: [Int]) { lock.withLock { (observations, actions) } }
}
