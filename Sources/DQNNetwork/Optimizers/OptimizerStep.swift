internal import CKernels
internal import DQNModel
internal import Foundation

/// One step of an optimiser. The result of each element does not depend on how the step is divided.
struct OptimizerStep {
    private let configuration: OptimizerConfiguration
    private let slots: [ParameterSlab]
    private let parameters: ParameterSlab
    private let gradients: ParameterSlab
    private let number: Int
    private let learningRate: Double
    private let gradientScale: Float
    private let copy: ParameterSlab?

    init(
        _ configuration: OptimizerConfiguration, slots: [ParameterSlab], parameters: ParameterSlab,
        gradients: ParameterSlab, number: Int, learningRate: Double, gradientScale: Float,
        copy: ParameterSlab?
    ) {
        self.configuration = configuration
        self.slots = slots
        self.parameters = parameters
        self.gradients = gradients
        self.number = number
        self.learningRate = learningRate
        self.gradientScale = gradientScale
        self.copy = copy
    }

    /// Takes the step for a range of the parameters.
    func apply(to range: Range<Int>) {
        let start = range.lowerBound
        let target = parameters.pointer(at: start)
        let gradient = UnsafePointer(gradients.pointer(at: start))
        let copied = copy?.pointer(at: start)
        let first = slots[0].pointer(at: start)
        switch configuration.kind {
        case .adam:
            let correction1 = 1 - pow(configuration.beta1, Double(number))
            let correction2 = 1 - pow(configuration.beta2, Double(number))
            kernels_adam(
                target, copied, gradient, first, slots[1].pointer(at: start), range.count, gradientScale,
                Float(configuration.beta1), Float(configuration.beta2), Float(learningRate / correction1),
                Float(1 / correction2.squareRoot()), Float(configuration.epsilon), configuration.adamMeanLimit)
        case .rmsprop:
            let mean = configuration.centred ? slots[1].pointer(at: start) : nil
            kernels_rmsprop(
                target, copied, gradient, first, mean, range.count, gradientScale, Float(configuration.decay),
                Float(learningRate), Float(configuration.epsilon))
        }
    }

    /// The number of parameters.
    var count: Int { parameters.elements.count }
}

/// A step that a team of threads takes together.
///
/// `@unchecked Sendable`: the one thread that steps the optimiser writes `step` before the team works and clears it
/// afterwards; the team reads it in between.
final class DividedStep: TeamWork, @unchecked Sendable {
    private let team: ComputeTeam
    private var step: OptimizerStep?

    init(_ team: ComputeTeam) { self.team = team }

    func take(_ step: OptimizerStep) {
        self.step = step
        team.run(self)
        self.step = nil
    }

    func perform(part: Int) {
        guard let step else { return }
        step.apply(to: ComputeTeam.share(part, of: step.count, threads: team.threads))
    }
}
