internal import DQNModel

/// Rule 28: an average of squares is not negative, in any optimiser of this library.
enum OptimizerRules {
    /// The slot of each kind that holds averages of squares.
    private static let squares = ["adam": "second_moment", "rmsprop": "mean_square"]

    static func failures(of checkpoint: Checkpoint) -> [MeaningFailure] {
        guard let optimizer = checkpoint.optimizer,
            let complaint = complaint(about: optimizer.slots, of: optimizer.kind, "/optimizer/slots/")
        else { return [] }
        return [MeaningFailure("optimizer", .optimizerState, complaint) { $0.optimizer = nil }]
    }

    /// Returns what is wrong with slots, as a sentence; `nil` for those of another kind, which other programs continue.
    ///
    /// - Parameter prefix: What precedes the name of a slot in the file.
    static func complaint(about slots: [String: [Float]], of kind: String, _ prefix: String) -> String? {
        guard let name = squares[kind], let values = slots[name],
            let index = values.firstIndex(where: { !($0 >= 0) })
        else { return nil }
        return "\(prefix)\(name) is \(values[index]) at element \(index); an average of squares is not negative."
    }
}
