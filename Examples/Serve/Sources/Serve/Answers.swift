import DQNModel
import Foundation

/// The requests of clients on several threads, and the answers.
///
/// `@unchecked Sendable`: the arrays are only accessed with `lock` held.
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

    /// All requests and answers, in the order of the answers.
    var all: (observations: [Observation], actions: [Int]) { lock.withLock { (observations, actions) } }
}
