internal import DQNModel
internal import DQNNetwork

extension ReplayLearner {
    /// Computes y = r + γ (1 − terminated) Q(s′, a*; θ⁻) of each row; with `munchausen` a soft maximum and the log-policies
    /// of the steps, and with `quantiles` whole distributions.
    func computeTargets() throws {
        let version = try store.pullTarget(into: targetParameters, ifNewerThan: targetVersion)
        if version != targetVersion {
            try targetNetwork.use(targetParameters)
            targetVersion = version
        }
        let outputs = try targetNetwork.forward()
        replay.mask(outputs, of: batch, architecture)
        if let munchausen {
            for row in 0..<batch.count { writeSoftTarget(row, outputs, munchausen) }
            return try addBonuses(munchausen)
        }
        var choices = outputs
        if let selectionNetwork {
            try selectionNetwork.use(parameters)
            choices = try selectionNetwork.forward()
            replay.mask(choices, of: batch, architecture)
        }
        for row in 0..<batch.count {
            let best = actionValues(choices, row: row).indexOfMaximum
            let (reward, discount) = (batch.transitions[row].reward, batch.transitions[row].bootstrapDiscount)
            if let quantileRegression {
                quantileRegression.writeTarget(row, outputs, action: best, reward: reward, discount: discount)
            } else {
                batch.targets[row] = reward + discount * actionValues(outputs, row: row)[best]
            }
        }
    }

    /// Returns the values of the actions in a row of a network's outputs, valid until the next call.
    private func actionValues(_ outputs: UnsafeBufferPointer<Float>, row: Int) -> UnsafeBufferPointer<Float> {
        if let quantileRegression { return quantileRegression.values(of: outputs, row: row) }
        return UnsafeBufferPointer(rebasing: outputs[(row * actionCount)..<((row + 1) * actionCount)])
    }

    /// Writes r + γ (1 − terminated) τ ln Σ exp(Q(s′, ·; θ⁻) / τ).
    private func writeSoftTarget(_ row: Int, _ outputs: UnsafeBufferPointer<Float>, _ munchausen: Munchausen) {
        let (reward, discount) = (batch.transitions[row].reward, batch.transitions[row].bootstrapDiscount)
        if let quantileRegression {
            quantileRegression.writeSoftTarget(row, outputs, munchausen, reward: reward, discount: discount)
        } else {
            batch.targets[row] = reward + discount * munchausen.softMaximum(actionValues(outputs, row: row))
        }
    }

    /// Adds γⁱ α τ ln π(aᵢ|sᵢ) of each of the n steps of a return to the targets. The policy is that of θ⁻.
    private func addBonuses(_ munchausen: Munchausen) throws {
        var discount: Float = 1
        for index in 0..<configuration.nStep {
            for row in 0..<batch.count {
                guard let step = replay.step(index, of: batch, row: row) else { continue }
                replay.load(step.slot, of: batch, into: targetNetwork, row: row, elementsPerFrame: elementsPerFrame)
            }
            let outputs = try targetNetwork.forward()
            for row in 0..<batch.count {
                guard let step = replay.step(index, of: batch, row: row) else { continue }
                replay.mask(outputs, of: batch, row: row, at: step.slot, architecture)
                let bonus = discount * munchausen.bonus(actionValues(outputs, row: row), action: step.action)
                if let quantileRegression {
                    quantileRegression.add(bonus, to: row)
                } else {
                    batch.targets[row] += bonus
                }
            }
            discount *= Float(configuration.discount)
        }
    }
}
