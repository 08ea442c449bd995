package import DQNModel

extension GymnasiumEnvironment: FrameTaking {
    /// Takes an action for several frames in one message to the process and one back.
    ///
    /// - Throws: as as many calls of ``step(_:)`` would.
    package func takeFrames(
        _ action: Int, atMost count: Int, keepingTwo: Bool
    ) throws(EnvironmentError) -> FrameOutcome {
        try progress.check(action, of: specification, actions: actionCount)
        let reply = try process.ask(request(action, frames: count, keepingTwo: keepingTwo), seconds: stepSeconds)
        // Also if a later frame has failed.
        if reply.frames > 0 {
            progress.advance(by: reply.frames, ended: reply.terminated || reply.truncated)
            lives = reply.lives
            if reply.hasMask || hasMask { readMask(reply.hasMask) }
        }
        if let refusal = process.refusal(of: reply, "be stepped") { throw refusal }
        if reply.hasInvalidReward { throw invalidReward(reply.reward, for: action) }
        return FrameOutcome(
            outcome: StepOutcome(reward: reply.reward, terminated: reply.terminated, truncated: reply.truncated),
            frames: reply.frames)
    }

    func request(_ action: Int, frames count: Int, keepingTwo: Bool) -> GymnasiumRequest {
        GymnasiumRequest(
            operation: .frames, flag: keepingTwo, value: UInt64(action) | UInt64(count) << 32, steps: count)
    }

    /// Writes the larger byte of the last two observations at each place.
    package func observeMaximum(into observation: inout Observation) {
        guard let memory = process.memory, let start = description.keptOffset else { return }
        let last = UnsafeRawBufferPointer(rebasing: memory[..<observationByteCount])
        let kept = UnsafeRawBufferPointer(rebasing: memory[start..<start + observationByteCount])
        observation.withMutableBytes { bytes in
            precondition(bytes.count == observationByteCount, "the observation does not fit \(specification.id)")
            for index in bytes.indices { bytes[index] = max(last[index], kept[index]) }
        }
    }
}

extension GymnasiumEnvironment: StepPreparing {
    package func prepareStep(_ action: Int, frames: Int, keepingTwo: Bool) {
        // A step that cannot be taken throws that itself.
        guard progress.phase == .running, (0..<actionCount).contains(action) else { return }
        let request =
            frames > 1
            ? request(action, frames: frames, keepingTwo: keepingTwo)
            : GymnasiumRequest(operation: .step, value: UInt64(action))
        process.prepare(request, seconds: stepSeconds)
    }
}
