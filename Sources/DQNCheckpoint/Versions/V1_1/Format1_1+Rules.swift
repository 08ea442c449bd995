internal import DQNModel

extension Format1_1 {
    /// Rule 17: a learner's state contains only finite numbers.
    static func check(_ learner: StateSnapshot, _ path: String) throws(CheckpointError) {
        for (name, value) in learner.values.sorted(by: { $0.key < $1.key }) {
            let isFinite =
                switch value {
                case .float64(let values): values.allSatisfy(\.isFinite)
                case .float32(let values): values.allSatisfy(\.isFinite)
                case .int64, .uint64, .uint8: true
                }
            guard isFinite else {
                throw .broken(.learner, "/\(path)/\(name) contains numbers that are not finite.")
            }
        }
    }
}
