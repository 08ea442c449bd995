internal import CHDF5
internal import Foundation

/// Collects the names that libhdf5 passes one by one while it iterates over a group's links.
final class LinkNames {
    private let limit: Int
    private let nameLimit: Int
    private var names: [[UInt8]] = []
    /// Size of the name that was too long.
    private var excess: Int?

    /// - Parameters:
    ///   - limit: the maximum number of names, even if the group's header claims more.
    ///   - nameLimit: the maximum number of bytes of a name.
    init(limit: Int, nameLimit: Int) {
        self.limit = limit
        self.nameLimit = nameLimit
    }

    /// Adds a name, and returns whether the limits allow for another.
    fileprivate func add(_ name: UnsafePointer<CChar>) -> Bool {
        let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
        if bytes.count > nameLimit { excess = bytes.count }
        names.append(bytes)
        return excess == nil && names.count <= limit
    }

    /// The names, sorted by their bytes; called after the iteration, with its status.
    func sorted(_ status: herr_t, of path: String) throws(HDF5Error) -> [String] {
        try Library.check(status, "H5Literate")
        if let excess {
            throw HDF5Error(
                code: .limitExceeded,
                message:
                    "One of the members of /\(path) has a name of \(excess) bytes; at most \(nameLimit) are allowed."
            )
        }
        guard names.count <= limit else {
            throw HDF5Error(code: .limitExceeded, message: "/\(path) has more than \(limit) members.")
        }
        var texts: [String] = []
        for bytes in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw HDF5Error(
                    code: .invalidArgument, message: "One of the members of /\(path) has a name that is not UTF-8.")
            }
            texts.append(text)
        }
        return texts
    }
}

/// Passes a name to the ``LinkNames`` that is the context.
let addLinkName: @convention(c) (UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Int32 = { name, context in
    guard let name, let context else { return -1 }
    return Unmanaged<LinkNames>.fromOpaque(context).takeUnretainedValue().add(name) ? 0 : 1
}
