internal import Foundation

/// Student's t distribution with an integral number of degrees of freedom.
package enum StudentT {
    /// Returns the 0.975 quantile, the t for which P(−t ≤ T ≤ t) = 0.95.
    ///
    /// Bisects the closed form of the probability in θ = atan(t / √ν) (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
    /// O(ν); ν must be at least 1.
    package static func quantile95(degreesOfFreedom: Int) -> Double {
        precondition(degreesOfFreedom >= 1, "Student's t needs at least one degree of freedom")
        var low = 0.0
        var high = Double.pi / 2
        // Sixty halvings reach the precision of an angle.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if centralProbability(angle: middle, degreesOfFreedom: degreesOfFreedom) < 0.95 {
                low = middle
            } else {
                high = middle
            }
        }
        return tan(low) * Double(degreesOfFreedom).squareRoot()
    }

    /// Returns P(−t ≤ T ≤ t) for t = tan(angle) · √ν.
    private static func centralProbability(angle: Double, degreesOfFreedom: Int) -> Double {
        let cosine = cos(angle)
        let isOdd = degreesOfFreedom % 2 == 1
        // Odd ν: cos θ + 2/3 cos³ θ + 2·4/(3·5) cos⁵ θ + …; even ν: 1 + 1/2 cos² θ + 1·3/(2·4) cos⁴ θ + …;
        // both up to the power ν − 2.
        var term = isOdd ? cosine : 1
        var sum = degreesOfFreedom == 1 ? 0 : term
        for power in stride(from: isOdd ? 3 : 2, through: degreesOfFreedom - 2, by: 2) {
            term *= cosine * cosine * Double(power - 1) / Double(power)
            sum += term
        }
        return isOdd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
    }
}
