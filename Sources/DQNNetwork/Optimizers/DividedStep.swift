internal import CKernels

/// Steps that a team of threads takes together, and the norms of the gradients for them.
///
/// Each thread has the same share of the parameters every time, which it finds in its own cache.
///
/// `@unchecked Sendable`: the one thread that steps the optimiser writes `work` before the team works; the team reads it
/// meanwhile and writes `squares`, each thread its own element, which that one thread reads afterwards.
final class DividedStep: TeamWork, @unchecked Sendable {
    private enum Work {
        case step(OptimizerStep)
        case norm(UnsafePointer<Float>, count: Int)
    }

    private let team: ComputeTeam
    private var work: Work?
    private let squares: UnsafeMutableBufferPointer<Double>

    init(_ team: ComputeTeam) {
        self.team = team
        squares = .allocate(capacity: team.threads)
        squares.initialize(repeating: 0)
    }

    deinit { squares.deallocate() }

    func take(_ step: OptimizerStep) { run(.step(step)) }

    /// The Euclidean norm of a gradient. Its last bits depend on the number of threads.
    func norm(of gradients: ParameterSlab) -> Double {
        run(.norm(gradients.pointer(at: 0), count: gradients.elements.count))
        return squares.reduce(0, +).squareRoot()
    }

    private func run(_ work: Work) {
        self.work = work
        team.run(self)
        self.work = nil
    }

    func perform(part: Int) {
        switch work {
        case .step(let step): step.apply(to: ComputeTeam.share(part, of: step.count, threads: team.threads))
        case .norm(let gradients, let count):
            let share = ComputeTeam.share(part, of: count, threads: team.threads)
            squares[part] = kernels_sum_of_squares(gradients + share.lowerBound, share.count)
        case nil: break
        }
    }
}
