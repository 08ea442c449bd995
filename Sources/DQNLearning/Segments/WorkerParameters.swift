internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The parameters θ′ of a worker without a replay, with its gradients and its optimiser.
///
/// It takes an update to the shared parameters, and keeps θ′ in the worker's state while a segment is open: the rest of
/// the segment must be played and learned with the same copy.
final class WorkerParameters {
    /// θ′: the shared slab itself for a run's only worker.
    let values: ParameterSlab
    /// Receives the gradients of the next update.
    let gradients: ParameterSlab

    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    /// Copies of θ′ for checkpoints.
    private let copies: SlabCopies
    /// The worker's own optimiser; `nil` if all workers share one.
    private let optimizer: Optimizer?
    private let optimizerCopies: [String: SlabCopies]
    /// Whether θ′ is a copy.
    private let usesCopy: Bool
    /// The store's update count at the last copy.
    private var updateCountAtPull = 0

    /// Creates the parameters, whose values ``load(_:openSteps:_:)`` sets.
    ///
    /// - Parameter snapshot: The learner's stored arrays, if any.
    init(_ context: LearnerContext, restoring snapshot: StateSnapshot?) throws {
        configuration = context.configuration
        store = context.store
        usesCopy = store.inPlace == nil
        values = store.inPlace?.online ?? ParameterSlab(layout: store.layout)
        // The saver holds the last copy while the next one is made.
        copies = SlabCopies(of: values, keeping: 2)
        if usesCopy { copies.prepare() }
        gradients = ParameterSlab(layout: store.layout)
        optimizer = try WorkerOptimizer.make(configuration, layout: store.layout, restoring: snapshot)
        optimizerCopies = WorkerOptimizer.preparedCopies(of: optimizer)
    }

    /// Restores the copy with which an open segment began, or takes a new one.
    ///
    /// - Parameter openSteps: The steps of the open segment, already restored.
    func load(_ snapshot: StateSnapshot?, openSteps: Int, _ context: LearnerContext) throws {
        if let snapshot, usesCopy, openSteps > 0, snapshot.values["parameters"] != nil,
            context.state?.status != .resting
        {
            _ = try values.elements.update(
                fromContentsOf: snapshot.float32("parameters", count: store.layout.count))
            updateCountAtPull = try snapshot.count("pulled_at")
        } else {
            updateCountAtPull = try store.pull(into: values)
        }
    }

    /// Clips ``gradients``, applies them to the shared parameters and takes a new copy.
    func push(loss: Double, at total: Int, _ statistics: inout TrainingStatistics) throws {
        let clipped = try store.clip(gradients, loss: loss, maximumNorm: configuration.maximumGradientNorm)
        let before = try store.push(
            gradients, learningRate: configuration.learningRate(at: total), scale: clipped.scale,
            optimizer: optimizer, pullingInto: usesCopy ? values : nil)
        statistics.add(
            loss: loss, gradientNorm: clipped.norm, staleness: usesCopy ? before - updateCountAtPull : nil)
        updateCountAtPull = before + 1
    }

    /// Adds the copy of an open segment and the optimiser's state to a learner's arrays.
    func save(openSteps: Int, into arrays: inout [String: StateSnapshot.Value]) {
        if usesCopy, openSteps > 0 {
            arrays["parameters"] = .float32(copies.next())
            arrays["pulled_at"] = .int64([Int64(updateCountAtPull)])
        }
        if let optimizer { WorkerOptimizer.save(optimizer, optimizerCopies, into: &arrays) }
    }
}
