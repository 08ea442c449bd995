internal import DQNSupport

/// Why an operation on an HDF5 file failed.
///
/// Switch over ``code``; the texts are for people and may change.
package struct HDF5Error: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    package struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        package let rawValue: String
        /// Creates a code from its stable name.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The library or its thread could not be started.
        package static let libraryUnavailable = Code(rawValue: "libraryUnavailable")
        /// A call into the library failed; ``HDF5Error/stack`` has the reason.
        package static let callFailed = Code(rawValue: "callFailed")
        /// The file, or a folder of its path, does not exist.
        package static let fileMissing = Code(rawValue: "fileMissing")
        /// The file to be created exists.
        package static let fileExists = Code(rawValue: "fileExists")
        /// The file could not be opened or created: permissions, or damage.
        package static let cannotOpen = Code(rawValue: "cannotOpen")
        /// The file has no HDF5 signature.
        package static let notHDF5 = Code(rawValue: "notHDF5")
        /// A file was closed while objects of it were still open.
        package static let objectsStillOpen = Code(rawValue: "objectsStillOpen")
        /// No object or attribute has this name.
        package static let objectMissing = Code(rawValue: "objectMissing")
        /// An object or attribute has this name already.
        package static let objectExists = Code(rawValue: "objectExists")
        /// A component of a path is a soft, external or user-defined link.
        package static let linkNotAllowed = Code(rawValue: "linkNotAllowed")
        /// The object is of another kind: a group instead of a dataset, for example.
        package static let wrongObject = Code(rawValue: "wrongObject")
        /// The elements are not exactly of the requested type.
        package static let wrongType = Code(rawValue: "wrongType")
        /// The extents are not the requested ones, or do not match a buffer.
        package static let wrongShape = Code(rawValue: "wrongShape")
        /// The object's storage, layout or filters are not among those that this module reads.
        package static let layoutNotAllowed = Code(rawValue: "layoutNotAllowed")
        /// More members, bytes or characters than the caller allows.
        package static let limitExceeded = Code(rawValue: "limitExceeded")
        /// An argument is invalid: an empty name, for example.
        package static let invalidArgument = Code(rawValue: "invalidArgument")
    }

    /// One entry of the library's error stack.
    package struct Frame: Sendable, Equatable {
        /// The library's function.
        package let function: String
        /// The library's description of the failure.
        package let description: String
        /// The part of the library: `Dataset`, for example.
        package let major: String
        /// The kind of failure: `Write failed`, for example.
        package let minor: String
    }

    /// The kind of failure.
    package let code: Code
    /// One sentence: the thing, the rule and the remedy.
    package let message: String
    /// The library call that failed, if one did.
    package let operation: String?
    /// The library's whole error stack, outermost function first; empty if no call failed.
    package let stack: [Frame]

    /// Creates an error.
    package init(code: Code, message: String, operation: String? = nil, stack: [Frame] = []) {
        self.code = code
        self.message = message
        self.operation = operation
        self.stack = stack
    }

    /// The sentence, then the system's reason if it has one, otherwise the top and the bottom of the library's stack.
    package var description: String {
        guard let first = stack.first, let last = stack.last else { return message }
        let top = operation ?? first.function
        // Otherwise there would be the time, the descriptor and addresses of buffers.
        if let number = systemErrorNumber {
            let reason = SystemError(number).description
            return message.contains(reason) ? message : "\(message) (\(top): \(reason))"
        }
        if stack.count == 1 { return "\(message) (\(top): \(first.text))" }
        return "\(message) (\(top): \(first.text); \(last.function): \(last.text))"
    }
}

extension HDF5Error.Frame {
    /// The description without the details of a transfer: the time, the descriptor and the address of its buffer.
    fileprivate var text: Substring {
        guard let range = description.firstRange(of: ": time = ") else { return description[...] }
        return description[..<range.lowerBound]
    }
}
