internal import DQNLearning
package import DQNNetwork
internal import DQNSupport

extension ShardedParameters {
    @discardableResult
    package func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, optimizer: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) throws -> Int {
        Heartbeat.current?.beat()
        return try lock.withLock {
            let isOwnStep = optimizer != nil
            if let optimizer {
                // From zero, so that what the shard adds is exactly what the optimiser would subtract there.
                step.elements.update(repeating: 0)
                optimizer.step(step, gradients: gradients, learningRate: learningRate, gradientScale: scale)
            }
            let values = isOwnStep ? step : gradients
            guard options.accumulation > 1 else {
                return try send(
                    values, learningRate: learningRate, scale: isOwnStep ? 1 : scale, accumulated: 1,
                    isOwnStep: isOwnStep, pullingInto: copy)
            }
            accumulate(values, scale: isOwnStep ? 1 : scale)
            guard summed >= options.accumulation else {
                copy?.copy(from: online)
                return updateCount
            }
            defer { summed = 0 }
            // Steps of the worker's own optimiser add up; gradients are averaged.
            return try send(
                sum, learningRate: learningRate, scale: isOwnStep ? 1 : 1 / Float(summed), accumulated: summed,
                isOwnStep: isOwnStep, pullingInto: copy)
        }
    }

    private func accumulate(_ values: ParameterSlab, scale: Float) {
        if summed == 0 { sum.elements.update(repeating: 0) }
        for index in sum.elements.indices { sum.elements[index] += scale * values.elements[index] }
        summed += 1
    }

    private func send(
        _ values: ParameterSlab, learningRate: Double, scale: Float, accumulated: Int, isOwnStep: Bool,
        pullingInto copy: ParameterSlab?
    ) throws -> Int {
        // The mirror of a run's only worker follows every update, and so does what accumulating threads read.
        let needsParameters = copy != nil || options.isOnlyWorker || options.accumulation > 1
        let answers = try exchange.push(
            values, versions: versions, rate: learningRate, scale: scale, accumulated: accumulated,
            isOwnStep: isOwnStep, pullingInto: needsParameters ? online : nil)
        let after = answers.map { $0.version + ($0.flags.contains(.isDropped) ? 0 : 1) }
        // The worker still computes with what it pulled, unless it has new parameters.
        if needsParameters { versions = after }
        note(answers, updates: after.max())
        if let copy, copy !== online { copy.copy(from: online) }
        return Int(answers.map(\.version).max() ?? 0)
    }
}
