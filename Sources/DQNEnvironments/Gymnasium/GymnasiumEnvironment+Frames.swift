package import DQNModel

extension GymnasiumEnvironment: FrameTaking {
    /// Takes an action for several frames in one message to the process and one back.
    ///
    /// - Throws: as as many calls of ``step(_:)`` would.
    package func takeFrames(
        _ action: Int, atMost count: Int, keepingTwo: Bool
    ) throws(EnvironmentError) -> FrameOutcome {
        try progress.check(action, of: specification, actions: actionCount)
        let reply = try process.ask(
            .frames, flag: keepingTwo, UInt64(action) | UInt64(count) << 32, steps: count,
            seconds: stepSeconds)
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
