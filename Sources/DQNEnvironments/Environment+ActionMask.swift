package import DQNModel

extension Environment {
    /// Returns ``actionMask`` after checking it.
    ///
    /// - Parameter actions: the number of actions.
    /// - Throws: ``EnvironmentError`` (`environmentFailed`) for a mask of another length, and for one that allows no
    ///   action.
    package func validActionMask(actions: Int) throws(EnvironmentError) -> [Bool]? {
        guard let mask = actionMask else { return nil }
        if mask.count == actions, mask.contains(true) { return mask }
        let fault =
            mask.count == actions
            ? "allows no action" : "has \(mask.count) entries, but there are \(actions) actions"
        throw EnvironmentError(
            code: .environmentFailed,
            message: "The action mask of the environment '\(specification.id)' \(fault); a mask has one entry per "
                + "action and allows at least one of them until the episode terminates: fix the environment, or ignore "
                + "its masks with --set action_masks=false.")
    }
}

extension RandomGenerator {
    /// Draws an action uniformly among the allowed ones.
    ///
    /// - Parameters:
    ///   - actions: the number of actions.
    ///   - mask: whether each action is allowed, at least one of them; `nil` allows all.
    package mutating func action(of actions: Int, allowing mask: [Bool]?) -> Int {
        guard let mask else { return integer(below: actions) }
        var left = integer(below: mask.reduce(0) { $0 + ($1 ? 1 : 0) })
        for action in mask.indices where mask[action] {
            if left == 0 { return action }
            left -= 1
        }
        preconditionFailure("a mask allows at least one action")
    }
}
