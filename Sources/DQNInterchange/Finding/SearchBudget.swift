internal import DQNModel

/// How much a search for networks may still cost. A short file may have many groups of layers, and each of them may fit
/// together in many ways.
final class SearchBudget {
    /// What is left, in layers that are looked at.
    private var rest: Int

    /// - Parameter tensors: The number of tensors that are searched.
    init(tensors: Int = 0) { rest = 1 << 18 + 64 * tensors }

    /// Whether the search has cost more than it may.
    var isSpent: Bool { rest < 0 }

    /// Accounts for layers that are looked at, and returns whether the search may go on.
    func take(_ layers: Int) -> Bool {
        if !isSpent { rest -= layers }
        return !isSpent
    }

    /// - Throws: ``InterchangeError`` (`ambiguous`) if the search was stopped.
    func requireRest(_ file: String) throws(InterchangeError) {
        guard isSpent else { return }
        throw .ambiguous(
            "\(file) has layers that could follow one another in so many orders that the search for a network was stopped; "
                + "choose one with --map network=NAME, or save its weights alone.")
    }
}
