internal import DQNModel

extension ReplayMemory {
    /// Starts an episode with its first frame.
    ///
    /// - Precondition: the last episode has ended, or was given up by ``abandonEpisode()``.
    public func begin(_ frame: UnsafeRawBufferPointer) {
        precondition(
            !isOpen || flag(cursor).contains(.episodeStart),
            "an episode begins in the middle of another; end it by a step or by abandonEpisode()")
        write(frame, .episodeStart)
        isOpen = true
    }

    /// Completes the newest observation's step and takes the frame that followed.
    ///
    /// After an episode's end, ``begin(_:)`` comes next.
    public func add(
        action: Int, reward: Double, terminated: Bool, truncated: Bool, next frame: UnsafeRawBufferPointer
    ) {
        precondition(isOpen, "a step needs an episode; call begin(_:) first")
        let slot = cursor
        actions.write(slot, value: Int32(action))
        rewards.write(slot, value: Float(reward))
        var outcome = flag(slot)
        if terminated { outcome.insert(.terminated) }
        if truncated { outcome.insert(.truncated) }
        flags.write(slot, value: outcome.rawValue)
        advance()
        if !terminated {
            write(frame, truncated ? .final : [])
            if truncated { advance() }
        }
        isOpen = !terminated && !truncated
        prioritizeWindows(endingAt: slot)
    }

    /// Closes the episode under way because its environment was lost, so that no transition ever runs on into the next
    /// one; ``begin(_:)`` comes next. Does nothing between two episodes.
    ///
    /// The last step taken becomes a truncated one, and the newest observation what it is bootstrapped from. An episode
    /// without a step leaves no trace: the next one takes its slot.
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
        if cursor == count {
            priorities?.append(cursor)
            count += 1
        }
    }

    /// Moves the cursor on, past what it was before by a ring's length.
    private func advance() {
        cursor = after(cursor)
        guard let priorities, cursor < count else { return }
        // The slot's own step is about to be overwritten, and those behind it lose a frame of their stack.
        priorities.exclude(cursor)
        var slot = cursor
        for _ in 1..<frameStack {
            slot = after(slot)
            if flag(slot).contains(.episodeStart) { return }
            priorities.exclude(slot)
        }
    }

    /// Lets those transitions be drawn whose n steps, or whose episode, ended with the step taken at a slot.
    private func prioritizeWindows(endingAt last: Int) {
        guard let priorities else { return }
        let ended = !flag(last).isDisjoint(with: [.terminated, .truncated])
        var slot = last
        for step in 1...nStep {
            if ended || step == nStep, isSampleable(slot) { priorities.include(slot) }
            if flag(slot).contains(.episodeStart) { return }
            slot = before(slot)
        }
    }
}
