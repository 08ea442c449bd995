internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// A ``TrainingRun`` on its own thread, for `async` code.
///
/// ```swift
/// let training = TrainingTask { try TrainingRun(configuration, options: options, in: directory) }
/// for await progress in training.progress { print(progress.agentSteps, progress.meanReturn) }
/// let summary = try await training.value
/// ```
///
/// Training starts at once and continues whether or not anything awaits it. ``cancel()``, or the cancellation of a task
/// that awaits ``value``, interrupts the run: it stops at the next step boundary and saves its state, from which
/// `TrainingRun(resuming:)` continues exactly. No thread of Swift's cooperative pool is ever blocked.
public final class TrainingTask: Sendable {
    /// The run's progress, about ten times a second and at the end. Skips to the newest value when it is read more
    /// slowly; ends with the run.
    public let progress: AsyncStream<TrainingRun.Progress>
    private let result: Task<Result<TrainingRun.Summary, TrainingError>, Never>
    private let interruption: Interruption

    /// Starts a thread that creates a run and trains.
    ///
    /// - Parameter makeRun: creates the run, on the new thread; its error becomes the error of ``value``.
    public init(_ makeRun: @escaping @Sendable () throws -> TrainingRun) {
        let interruption = Interruption()
        let (progress, continuation) = AsyncStream.makeStream(
            of: TrainingRun.Progress.self, bufferingPolicy: .bufferingNewest(1))
        self.interruption = interruption
        self.progress = progress
        result = Task {
            await withCheckedContinuation { completion in
                let thread = JobThread(name: "dqn-run") {
                    let result = Self.train(makeRun, interruption, continuation)
                    continuation.finish()
                    completion.resume(returning: result)
                }
                guard let reason = thread.startError else { return }
                continuation.finish()
                completion.resume(
                    returning: .failure(
                        TrainingError(code: .runFailed, message: "The run's thread could not be started: \(reason).")))
            }
        }
    }

    /// The summary of the run, once it has ended. Cancelling the awaiting task interrupts the run, whose outcome is then
    /// `interrupted`.
    ///
    /// - Throws: `TrainingError` as the creation of the run and ``TrainingRun/run(isInterrupted:onProgress:)``.
    public var value: TrainingRun.Summary {
        get async throws(TrainingError) {
            try await withTaskCancellationHandler {
                await result.value
            } onCancel: {
                cancel()
            }.get()
        }
    }

    /// Interrupts the run: it stops at the next step boundary and saves.
    public func cancel() { interruption.isRequested.store(true, ordering: .relaxed) }

    /// A flag that outlives the task, since the thread reads it.
    private final class Interruption: Sendable {
        let isRequested = Atomic(false)
    }

    /// Creates the run and trains, on the run's thread. The run is released there too: its saver belongs to the thread.
    private static func train(
        _ makeRun: () throws -> TrainingRun, _ interruption: Interruption,
        _ progress: AsyncStream<TrainingRun.Progress>.Continuation
    ) -> Result<TrainingRun.Summary, TrainingError> {
        do {
            let run = try makeRun()
            let outcome = try run.run {
                interruption.isRequested.load(ordering: .relaxed)
            } onProgress: {
                progress.yield($0)
            }
            return .success(run.summary(outcome))
        } catch { return .failure(TrainingError(wrapping: error)) }
    }
}
