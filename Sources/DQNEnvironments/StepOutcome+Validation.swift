internal import DQNModel

extension StepOutcome {
    /// Checks the rewards of a step to learn from: learners and replays hold them as float32.
    ///
    /// - Parameters:
    ///   - action: the action taken, for the error.
    ///   - id: the environment's id, for the error; evaluated for the error only.
    /// - Throws: ``EnvironmentError`` (`environmentFailed`) if the reward that an agent learns from is not finite as a
    ///   float32, or the environment's own reward is not finite.
    @inline(__always)
    package func requireReward(after action: Int, of id: @autoclosure () -> String) throws(EnvironmentError) {
        if Float(reward).isFinite, rawReward.isFinite { return }
        throw invalidReward(after: action, of: id())
    }

    /// Checks the reward where it is only added to a return.
    ///
    /// - Throws: ``EnvironmentError`` (`environmentFailed`) if it is not finite.
    @inline(__always)
    func requireFiniteReward(after action: Int, of id: @autoclosure () -> String) throws(EnvironmentError) {
        if reward.isFinite { return }
        throw invalidReward(after: action, of: id())
    }

    private func invalidReward(after action: Int, of id: String) -> EnvironmentError {
        let isOutOfRange = reward.isFinite && rawReward.isFinite
        let value = rawReward.isFinite ? reward : rawReward
        let fault =
            isOutOfRange
            ? "which float32 cannot hold (at most \(Float.greatestFiniteMagnitude)); scale rewards, as with --set "
                + "wrappers=reward-scale:FACTOR or reward-clip, or fix the environment."
            : "but rewards must be finite numbers; fix the environment."
        return EnvironmentError(
            code: .environmentFailed,
            message: "The environment '\(id)' paid a reward of \(value) for action \(action), \(fault)")
    }
}
