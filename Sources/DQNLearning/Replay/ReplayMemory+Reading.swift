internal import DQNModel
public import DQNNetwork

extension ReplayMemory {
    /// Puts the observation of a slot, all its frames, into a row of a network's input.
    ///
    /// - Parameters:
    ///   - slot: of a ``SampledTransition``.
    ///   - elementsPerFrame: of a single frame.
    public func load(_ slot: Int, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int) {
        reader.load(slot, into: computation, row: row, elementsPerFrame: elementsPerFrame)
    }

    /// The slot of the observation that followed; that of the step itself where the episode terminated, since nothing
    /// is bootstrapped from there.
    package func next(_ slot: Int) -> Int { flag(slot).contains(.terminated) ? slot : after(slot) }

    package func action(_ slot: Int) -> Int32 { actions.slots.value(slot, as: Int32.self) }
    package func reward(_ slot: Int) -> Float { rewards.slots.value(slot, as: Float.self) }
    package func isTerminated(_ slot: Int) -> Bool { flag(slot).contains(.terminated) }
}
