internal import DQNLearning

extension Trainer {
    /// How long the workers last stood still between two advances, as they do for a save.
    public struct Standstill: Sendable {
        /// Seconds from the first worker's stop to the last one's: waiting for the slowest.
        public let arrival: Double
        /// Seconds from the last worker's stop to the last one's going on: what the chief did meanwhile.
        public let handOver: Double
    }

    /// Measures the standstill before an advance whose workers have all come back.
    func measureStandstill(_ active: [Int]) {
        let spans = active.compactMap { stations[$0].lastRun }
        defer { lastStops = spans.map(\.stopped) }
        guard let first = lastStops.min(), let last = lastStops.max(), let goingOn = spans.map(\.started).max(),
            spans.count == lastStops.count
        else { return }
        standstill = Standstill(arrival: (last - first) / .seconds(1), handOver: (goingOn - last) / .seconds(1))
    }
}
