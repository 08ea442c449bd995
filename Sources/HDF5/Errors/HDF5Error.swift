/// Why something could not be done with an HDF5 file.
///
/// Switch over ``code``; the texts are for people and may change between releases.
public struct HDF5Error: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The library or its thread could not be started.
        public static let libraryUnavailable = Code(rawValue: "libraryUnavailable")
        /// A call into the library failed; ``HDF5Error/stack`` tells why.
        public static let callFailed = Code(rawValue: "callFailed")
        /// There is no such file, or a part of its path is missing.
        public static let fileMissing = Code(rawValue: "fileMissing")
        /// A file that was to be created exists.
        public static let fileExists = Code(rawValue: "fileExists")
        /// The file could not be opened or created: rights, locks, or damage.
        public static let cannotOpen = Code(rawValue: "cannotOpen")
        /// The file has no HDF5 signature.
        public static let notHDF5 = Code(rawValue: "notHDF5")
        /// A file was closed while objects of it were still open.
        public static let objectsStillOpen = Code(rawValue: "objectsStillOpen")
        /// There is no object or attribute of that name.
        public static let objectMissing = Code(rawValue: "objectMissing")
        /// There is already an object or attribute of that name.
        public static let objectExists = Code(rawValue: "objectExists")
        /// A component of a path is a soft, external or user-defined link.
        public static let linkNotAllowed = Code(rawValue: "linkNotAllowed")
        /// The object is of another kind: a group where a dataset was asked for, for one.
        public static let wrongObject = Code(rawValue: "wrongObject")
        /// The elements are not exactly of the type asked for.
        public static let wrongType = Code(rawValue: "wrongType")
        /// The extents are not the ones asked for, or a buffer does not fit them.
        public static let wrongShape = Code(rawValue: "wrongShape")
        /// The dataset's layout, filters or storage are not ones this library reads.
        public static let layoutNotAllowed = Code(rawValue: "layoutNotAllowed")
        /// More members, bytes or characters than the caller allows.
        public static let limitExceeded = Code(rawValue: "limitExceeded")
        /// An argument cannot be used: an empty name, for one.
        public static let invalidArgument = Code(rawValue: "invalidArgument")
    }

    /// One entry of the library's error stack.
    public struct Frame: Sendable, Equatable {
        /// The library's function.
        public let function: String
        /// What it says happened.
        public let description: String
        /// The part of the library, `Dataset` for one.
        public let major: String
        /// The kind of failure, `Write failed` for one.
        public let minor: String
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String
    /// The library call that failed, where one did.
    public let operation: String?
    /// The library's whole error stack, the outermost function first; empty where no call failed.
    public let stack: [Frame]

    /// Creates an error.
    public init(code: Code, message: String, operation: String? = nil, stack: [Frame] = []) {
        self.code = code
        self.message = message
        self.operation = operation
        self.stack = stack
    }

    /// The sentence, then the top and the bottom of the library's stack.
    public var description: String {
        guard let first = stack.first, let last = stack.last else { return message }
        let top = operation ?? first.function
        if stack.count == 1 { return "\(message) (\(top): \(first.description))" }
        return "\(message) (\(top): \(first.description); \(last.function): \(last.description))"
    }
}
