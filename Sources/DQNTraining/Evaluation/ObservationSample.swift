internal import DQNModel

/// A uniform random sample of a stream of observations (algorithm R, Vitter 1985), in memory for the sample alone.
struct ObservationSample {
    private(set) var observations: [Observation] = []
    private let capacity: Int
    private var generator: RandomGenerator
    private var offered = 0

    init(capacity: Int, generator: RandomGenerator) {
        self.capacity = capacity
        self.generator = generator
    }

    /// Offers the next observation of the stream.
    mutating func offer(_ observation: Observation) {
        guard capacity > 0 else { return }
        offered += 1
        if observations.count < capacity {
            observations.append(observation)
        } else {
            let place = generator.integer(below: offered)
            if place < capacity { observations[place] = observation }
        }
    }
}
