internal import Foundation

/// A system call's error number.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The number: `ENOENT`, for example.
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// The system's description of the number.
    package var description: String { String(cString: strerror(number)) }
}
