internal import CHDF5

/// One libhdf5 identifier, closed exactly once.
struct Handle: ~Copyable {
    /// The kind of an identifier, which decides how it is closed.
    enum Kind { case file, group, dataset, attribute, dataspace, datatype, propertyList }

    let id: hid_t
    let kind: Kind

    /// Closes the identifier. A handle that is released without this is closed too, but cannot throw.
    consuming func close() throws(HDF5Error) {
        let (id, kind) = (id, kind)
        discard self
        try Library.check(Self.closeCall(id, kind), "H5\(kind.letter)close", "A \(kind) could not be closed.")
    }

    deinit {
        if Self.closeCall(id, kind) < 0 {
            let failure = Library.failure("H5\(kind.letter)close", "A \(kind) could not be closed.")
            if Library.unreportedFailure == nil { Library.unreportedFailure = failure }
        }
    }

    private static func closeCall(_ id: hid_t, _ kind: Kind) -> herr_t {
        switch kind {
        case .file: H5Fclose(id)
        case .group: H5Gclose(id)
        case .dataset: H5Dclose(id)
        case .attribute: H5Aclose(id)
        case .dataspace: H5Sclose(id)
        case .datatype: H5Tclose(id)
        case .propertyList: H5Pclose(id)
        }
    }
}

@available(*, unavailable)
extension Handle: Sendable {}

extension Handle.Kind {
    /// The letter of libhdf5's functions for such identifiers.
    var letter: String {
        switch self {
        case .file: "F"
        case .group: "G"
        case .dataset: "D"
        case .attribute: "A"
        case .dataspace: "S"
        case .datatype: "T"
        case .propertyList: "P"
        }
    }
}
