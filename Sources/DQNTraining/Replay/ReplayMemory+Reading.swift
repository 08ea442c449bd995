internal import DQNModel
public import DQNNetwork

extension ReplayMemory {
    /// Puts the observation of a slot, all its frames, into a row of a network's input.
    ///
    /// - Parameters:
    ///   - slot: of a ``SampledTransition``.
    ///   - elementsPerFrame: of a single frame.
    public func load(_ slot: Int, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int) {
        var position = frameStack - 1
        var current = slot
        while true {
            computation.load(frames.bytes(current), row: row, offset: position * elementsPerFrame)
            if position == 0 { return }
            position -= 1
            if flag(current).contains(.episodeStart) { break }
            current = before(current)
        }
        blankFrame.withUnsafeBytes { blank in
            for earlier in 0...position { computation.load(blank, row: row, offset: earlier * elementsPerFrame) }
        }
    }

    /// The slot of the observation that followed; that of the step itself where the episode terminated, since nothing
    /// is bootstrapped from there.
    package func next(_ slot: Int) -> Int { flag(slot).contains(.terminated) ? slot : after(slot) }

    package func action(_ slot: Int) -> Int32 { actions.value(slot, as: Int32.self) }
    package func reward(_ slot: Int) -> Float { rewards.value(slot, as: Float.self) }
    package func isTerminated(_ slot: Int) -> Bool { flag(slot).contains(.terminated) }
}
