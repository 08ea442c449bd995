internal import CKernels
internal import DQNModel
internal import Foundation

/// The instruction set of all computations, and the environment variable that limits it.
///
/// The set is decided when the program starts and never changes.
package enum InstructionSets {
    /// The variable: one of ``names`` limits our own loops and the compute library to that set.
    package static let variable = KERNELS_LIMIT_VARIABLE

    /// The values of the variable, from the greatest set to the least.
    package static let names = ["avx512", "avx2", "sse41"]

    /// The set of our own loops.
    package static var chosen: String { String(cString: kernels_name_of_set(kernels_chosen_set())) }

    /// Why the variable's value is refused; `nil` if it is valid, empty or unset.
    package static func refusal(of value: String?) -> String? {
        guard let value, !value.isEmpty, kernels_set_named(value) == KERNELS_NO_SET else { return nil }
        return """
            \(variable) is '\(value)'; it limits the instruction set of computations and must be avx512, avx2 or sse41. \
            Correct or unset it.
            """
    }

    /// Throws the refusal of the environment's value.
    static func check() throws(NetworkError) {
        guard let refusal else { return }
        throw NetworkError(code: .invalidState, message: refusal)
    }

    // Read once: the set does not follow a variable that is changed later.
    private static let refusal = refusal(of: getenv(variable).map { String(cString: $0) })
}
