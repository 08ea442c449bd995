internal import CHDF5
internal import Foundation

/// Names that the library hands over one by one.
final class NameList {
    private let limit: Int
    private let nameLimit: Int
    private var names: [[UInt8]] = []
    /// Bytes of the name that was too long.
    private var excess: Int?

    /// - Parameters:
    ///   - limit: names allowed, whatever a header claims.
    ///   - nameLimit: bytes allowed for a name.
    init(limit: Int, nameLimit: Int) {
        self.limit = limit
        self.nameLimit = nameLimit
    }

    /// Takes a name; whether there may be another.
    fileprivate func take(_ name: UnsafePointer<CChar>) -> Bool {
        let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
        if bytes.count > nameLimit { excess = bytes.count }
        names.append(bytes)
        return excess == nil && names.count <= limit
    }

    /// The names, sorted by their bytes, once the library has given all or `status` tells why not.
    func names(
        _ status: herr_t, _ operation: String, _ kind: String, of path: String
    ) throws(HDF5Error) -> [String] {
        try Library.check(status, operation)
        if let excess {
            throw HDF5Error(
                code: .limitExceeded,
                message:
                    "One of the \(kind) of /\(path) has a name of \(excess) bytes; at most \(nameLimit) are allowed.")
        }
        guard names.count <= limit else {
            throw HDF5Error(code: .limitExceeded, message: "/\(path) has more than \(limit) \(kind).")
        }
        var texts: [String] = []
        for bytes in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw HDF5Error(
                    code: .invalidArgument, message: "One of the \(kind) of /\(path) has a name that is not UTF-8.")
            }
            texts.append(text)
        }
        return texts
    }
}

/// Hands a name to the ``NameList`` that is the context.
let takeName: @convention(c) (UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Int32 = { name, context in
    guard let name, let context else { return -1 }
    return Unmanaged<NameList>.fromOpaque(context).takeUnretainedValue().take(name) ? 0 : 1
}
