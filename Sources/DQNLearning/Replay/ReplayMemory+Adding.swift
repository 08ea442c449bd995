internal import DQNModel

extension ReplayMemory {
    /// Starts an episode with its first frame.
    ///
    /// - Precondition: The last episode has ended, or ``abandonEpisode()`` closed it.
    public func beginEpisode(_ frame: UnsafeRawBufferPointer) {
        precondition(
            !isOpen || flag(cursor).contains(.episodeStart),
            "the last episode has not ended; end it with a step or call abandonEpisode()")
        write(frame, .episodeStart)
        isOpen = true
    }

    /// Adds the action taken at the newest observation, its outcome and the next frame.
    ///
    /// After an episode's end, ``beginEpisode(_:)`` comes next.
    ///
    /// - Parameter action: The index of the action.
    /// - Parameter reward: The reward.
    /// - Parameter terminated: Whether the episode has ended in a terminal state.
    /// - Parameter truncated: Whether a time limit has ended the episode.
    /// - Parameter frame: The next frame.
    /// - Parameter mask: Whether each action is allowed at the next frame; `nil` allows all.
    public func add(
        action: Int, reward: Double, terminated: Bool, truncated: Bool, next frame: UnsafeRawBufferPointer,
        allowing mask: [Bool]? = nil
    ) {
        precondition(isOpen, "a step needs an episode; call beginEpisode(_:) first")
        let slot = cursor
        actions.write(slot, value: Int32(action))
        rewards.write(slot, value: Float(reward))
        var outcome = flag(slot)
        if terminated { outcome = outcome.union(.terminated) }
        if truncated { outcome = outcome.union(.truncated) }
        flags.write(slot, value: outcome.rawValue)
        if let mask, !terminated { writeMask(mask, slot) }
        advance()
        if !terminated {
            write(frame, truncated ? .final : .none)
            if truncated { advance() }
        }
        isOpen = !terminated && !truncated
        prioritizeWindows(endingAt: slot)
    }

    /// Closes the current episode because its environment is lost, so that no transition continues into the next one.
    /// ``beginEpisode(_:)`` comes next. Does nothing between two episodes.
    ///
    /// The last step becomes truncated and is bootstrapped from the newest observation. An episode without a step is
    /// removed.
    public func abandonEpisode() {
        guard isOpen else { return }
        isOpen = false
        if flag(cursor).contains(.episodeStart) { return }
        let last = before(cursor)
        flags.write(last, value: flag(last).union(.truncated).rawValue)
        flags.write(cursor, value: ReplayFlags.final.rawValue)
        advance()
        prioritizeWindows(endingAt: last)
    }

    /// Writes an observation at the cursor.
    func write(_ frame: UnsafeRawBufferPointer, _ flag: ReplayFlags) {
        frames.write(cursor, frame)
        actions.write(cursor, value: Int32(-1))
        rewards.write(cursor, value: Float(0))
        flags.write(cursor, value: flag.rawValue)
        masks?.clear(cursor)
        if cursor == count {
            priorities?.append(cursor)
            count += 1
        }
    }

    /// Moves the cursor to the next slot, and excludes the transitions that the next write will overwrite.
    private func advance() {
        cursor = after(cursor)
        guard let priorities, cursor < count else { return }
        // The step in the cursor's slot will be overwritten, and the observations after it lose a frame of their stack.
        priorities.exclude(cursor)
        var slot = cursor
        for _ in 1..<frameStack {
            slot = after(slot)
            if flag(slot).contains(.episodeStart) { return }
            priorities.exclude(slot)
        }
    }

    /// Includes the transitions that are complete since the step in the given slot: it was their n-th, or ended the
    /// episode.
    private func prioritizeWindows(endingAt last: Int) {
        guard let priorities else { return }
        let ended = flag(last).endsEpisode
        var slot = last
        for step in 1...nStep {
            if ended || step == nStep, reader.isSampleable(slot) { priorities.include(slot) }
            if flag(slot).contains(.episodeStart) { return }
            slot = before(slot)
        }
    }
}
