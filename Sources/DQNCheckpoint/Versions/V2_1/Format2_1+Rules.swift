internal import DQNModel

/// Rule 24: masks have a byte for each action, 0 or 1.
extension Format2_1 {
    /// Checks the mask of a current observation.
    static func check(_ mask: [UInt8], _ path: String) throws(CheckpointError) {
        if let value = mask.first(where: { $0 > 1 }) {
            throw .broken(.masks, "/\(path) contains \(value); a mask consists of 0 and 1.")
        }
    }
}
