internal import CKernels
internal import DQNModel
internal import Foundation

/// One step of an optimiser. The result of each element does not depend on how the step is divided.
///
/// It holds addresses, which the caller keeps valid, and no objects: all workers would count references to them.
struct OptimizerStep {
    private let configuration: OptimizerConfiguration
    private let slots: OptimizerSlots
    private let parameters: UnsafeMutablePointer<Float>
    private let gradients: UnsafePointer<Float>
    private let number: Int
    private let learningRate: Double
    private let gradientScale: Float
    private let copy: UnsafeMutablePointer<Float>?
    /// The number of parameters.
    let count: Int

    init(
        _ configuration: OptimizerConfiguration, slots: OptimizerSlots, parameters: ParameterSlab,
        gradients: ParameterSlab, number: Int, learningRate: Double, gradientScale: Float,
        copy: ParameterSlab?
    ) {
        self.configuration = configuration
        self.slots = slots
        self.parameters = parameters.pointer(at: 0)
        self.gradients = UnsafePointer(gradients.pointer(at: 0))
        self.number = number
        self.learningRate = learningRate
        self.gradientScale = gradientScale
        self.copy = copy?.pointer(at: 0)
        count = parameters.elements.count
    }

    /// Takes the step for a range of the parameters.
    func apply(to range: Range<Int>) {
        let start = range.lowerBound
        let target = parameters + start
        let gradient = gradients + start
        let copied = copy.map { $0 + start }
        let first = slots.first + start
        let second = slots.second.map { $0 + start }
        switch configuration.kind {
        case .adam:
            let correction1 = 1 - pow(configuration.beta1, Double(number))
            let correction2 = 1 - pow(configuration.beta2, Double(number))
            kernels_adam(
                target, copied, gradient, first, second, range.count, gradientScale,
                Float(configuration.beta1), Float(configuration.beta2), Float(learningRate / correction1),
                Float(1 / correction2.squareRoot()), Float(configuration.epsilon), configuration.adamMeanLimit)
        case .rmsprop:
            kernels_rmsprop(
                target, copied, gradient, first, second, range.count, gradientScale, Float(configuration.decay),
                Float(learningRate), Float(configuration.epsilon))
        }
    }
}

/// Where the elements of an optimiser's slots begin.
struct OptimizerSlots {
    let first: UnsafeMutablePointer<Float>
    /// `nil` for RMSProp that is not centred.
    let second: UnsafeMutablePointer<Float>?

    /// - Parameter slabs: one or two, which outlive this.
    init(_ slabs: [ParameterSlab]) {
        first = slabs[0].pointer(at: 0)
        second = slabs.count > 1 ? slabs[1].pointer(at: 0) : nil
    }
}
