public import DQNModel
public import DQNNetwork

/// Where the parameters live that all workers train: Gorila's parameter server (Nair 2015), Hogwild's shared vector.
///
/// Workers copy the newest parameters, compute on their copies, and hand gradients over; the store steps the optimiser.
/// ``SharedParameters`` is the store of one process. One that is spread over servers and reached over a network can
/// stand in its place: every call may fail, none gives away the store's own memory but ``sole``.
///
/// All methods may be called from any thread at any time.
public protocol ParameterStore: AnyObject, Sendable {
    /// Where the named parameters stand.
    var layout: ParameterLayout { get }

    /// Gradients applied so far, by all workers.
    var updateCount: Int { get }

    /// Refreshes of the target parameters so far, the first copy not counted.
    var targetRefreshCount: Int { get }

    /// The parameters themselves, where one worker alone trains them in this process: it may then compute on them
    /// without copying. `nil` wherever somebody else may write them.
    var sole: SoleParameters? { get }

    /// Copies the newest online parameters; other workers' updates may be half in it.
    ///
    /// - Returns: ``updateCount`` when the copy was begun: what the copy's age is told from.
    func pull(into parameters: ParameterSlab) throws -> Int

    /// Copies the target parameters, unless the caller has those of the newest refresh already.
    ///
    /// - Parameter version: what the last call returned; `nil` at first.
    /// - Returns: the version that `parameters` hold now.
    func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) throws -> Int

    /// Steps the optimiser on the online parameters with a gradient.
    ///
    /// - Parameters:
    ///   - scale: multiplies the gradient first.
    ///   - statistics: the worker's own optimiser; `nil` uses the one that all share.
    ///   - copy: takes the parameters as this update leaves them, as by ``pull(into:)`` right after it but cheaper: in
    ///     the same pass over memory, or the same trip. It is as old as ``updateCount`` after this update.
    /// - Returns: ``updateCount`` before this update.
    @discardableResult
    func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, statistics: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) throws -> Int

    /// Moves the target parameters towards the online ones.
    ///
    /// - Parameter rate: how far; 1 copies them.
    func refreshTarget(rate: Double) throws
}

extension ParameterStore {
    /// Steps the optimiser on the online parameters with a gradient, and copies nothing.
    @discardableResult
    public func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, statistics: Optimizer?
    ) throws -> Int {
        try push(
            gradients, learningRate: learningRate, scale: scale, statistics: statistics, pullingInto: nil)
    }
}

/// The parameters of a run that has one worker.
public struct SoleParameters {
    /// θ.
    public let online: ParameterSlab
    /// θ⁻, where the method has a target network.
    public let target: ParameterSlab?
}
