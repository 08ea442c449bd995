public import DQNModel
public import DQNNetwork

/// The parameters that all workers train, such as the parameter server of Gorila (Nair 2015) or the shared vector of
/// Hogwild (Recht 2011).
///
/// Workers copy the newest parameters, compute gradients on their copies and push them; the store takes the optimiser
/// step. `SharedParameters` is the store of one process. A store on other machines can replace it: the trainer takes
/// a ``ParameterStoreFactory``, every call may fail, and only ``inPlace`` gives access to the store's own memory.
///
/// All methods may be called from any thread at any time, except ``snapshot()``. A store throws its own errors; the
/// trainer reports them with the worker and the step.
public protocol ParameterStore: AnyObject, Sendable {
    /// The positions of the named parameters.
    var layout: ParameterLayout { get }

    /// The number of gradients that all workers have pushed.
    var updateCount: Int { get }

    /// The number of refreshes of the target parameters, without the initial copy.
    var targetRefreshCount: Int { get }

    /// The parameters themselves, θ and θ⁻, if this process has the run's only worker: it computes on them without
    /// copying. `nil` if anything else may write them; `target` is `nil` for a method without a target network.
    var inPlace: (online: ParameterSlab, target: ParameterSlab?)? { get }

    /// Copies the newest online parameters. The copy may contain parts of updates that other workers are making.
    ///
    /// - Returns: The ``updateCount`` at the start of the copy, which the staleness of gradients is computed from.
    func pull(into parameters: ParameterSlab) throws -> Int

    /// Copies the target parameters, unless the caller already has those of the newest refresh.
    ///
    /// - Parameter parameters: The slab that receives the parameters.
    /// - Parameter version: The result of the last call; `nil` for the first one.
    /// - Returns: The version that `parameters` now hold.
    func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) throws -> Int

    /// The Euclidean norm of a gradient, before it is pushed; the default computes it on the calling thread.
    func norm(of gradients: ParameterSlab) -> Double

    /// Takes an optimiser step on the online parameters.
    ///
    /// - Parameters:
    ///   - gradients: The gradient of each parameter.
    ///   - learningRate: The step size.
    ///   - scale: A factor for the gradient.
    ///   - optimizer: The worker's own optimiser; `nil` uses the shared one.
    ///   - copy: A slab that receives the parameters after this update. This is cheaper than a ``pull(into:)`` after
    ///     it, as it takes the same pass over memory or the same round trip. The copy's version is ``updateCount``
    ///     after this update.
    /// - Returns: The ``updateCount`` before this update.
    @discardableResult
    func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, optimizer: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) throws -> Int

    /// Moves the target parameters towards the online parameters.
    ///
    /// - Parameter rate: The fraction of the distance; 1 copies them.
    func refreshTarget(rate: Double) throws

    /// Copies the whole state for a checkpoint.
    ///
    /// The trainer calls it from one thread at a time, while all workers wait between two steps.
    func snapshot() throws -> ParameterState
}

/// Creates the store of a run from its initial or restored parameters.
public typealias ParameterStoreFactory = (
    _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ state: ParameterState
) throws -> any ParameterStore

extension ParameterStore {
    /// The Euclidean norm of a gradient, computed on the calling thread.
    public func norm(of gradients: ParameterSlab) -> Double { gradients.norm }

    /// Measures a gradient before it is pushed, and clips it to a maximum norm; O(parameters).
    ///
    /// - Parameters:
    ///   - gradients: The gradient; it is not changed.
    ///   - loss: The loss that the gradient belongs to.
    ///   - maximumNorm: `max_gradient_norm`; 0 does not clip.
    /// - Returns: The Euclidean norm before clipping, and the factor for
    ///   ``push(_:learningRate:scale:optimizer:pullingInto:)``.
    /// - Throws: ``TrainingError`` (`runFailed`) if the norm or the loss is NaN or infinite; the parameters are
    ///   unchanged.
    public func clip(
        _ gradients: ParameterSlab, loss: Double, maximumNorm: Double
    ) throws(TrainingError) -> (norm: Double, scale: Float) {
        let norm = norm(of: gradients)
        guard loss.isFinite, norm.isFinite else {
            throw TrainingError(
                code: .runFailed,
                message: "The loss or its gradient is NaN or infinite at update \(updateCount + 1); lower "
                    + "learning_rate or max_gradient_norm.")
        }
        return (norm, maximumNorm > 0 ? GradientClipping.scale(norm: norm, maximum: maximumNorm) : 1)
    }
}
