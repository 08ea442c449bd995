internal import CHDF5

/// The objects of a file opened for reading that were validated, each once.
final class ValidatedHeaders {
    /// What is known of an object before libhdf5 sees its header.
    struct Object {
        let kind: HDF5.ObjectKind
        /// The number of hard links to it, as its header claims.
        let links: Int
        /// The number of its attributes; `nil` if they are not in the header.
        let attributes: Int?
    }

    private var source: FileBytes.Source
    /// By the address of an object's header.
    private var objects: [UInt64: Object] = [:]
    /// The addresses of objects whose attributes were validated.
    private var decodable: Set<UInt64> = []
    /// The paths from the root, over hard links alone, of groups that were validated.
    var groups: Set<String> = []

    /// - Parameter source: where the file's bytes are, as long as it is open.
    init(_ source: FileBytes.Source) { self.source = source }

    /// Reads through another descriptor of the same file from now on: a file that this process has open already keeps the
    /// descriptor with which it was opened first, and the judge's is closed.
    func use(_ descriptor: Int32) { source.descriptor = descriptor }

    /// The file's bytes.
    ///
    /// - Parameter location: an open object of the file.
    func bytes(of location: hid_t) throws(HDF5Error) -> FileBytes { try FileBytes(of: location, at: source) }

    /// Validates an object, unless it was validated before: libhdf5 must be able to load its header and, if it is a
    /// group, to find its links.
    ///
    /// - Parameters:
    ///   - path: of the object, for error messages.
    ///   - address: of the object's header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read. An invalid header of a
    ///   dataset is refused when the dataset is opened, before libhdf5 reads anything of it.
    func validate(_ path: String, at address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) -> Object {
        if let known = objects[address] { return known }
        var failure: HDF5Error?
        let header = try ObjectHeader(of: .other(path), at: address, in: file, failure: &failure)
        if let failure, header.kind != .dataset { throw failure }
        let object = Object(
            kind: header.kind, links: header.links,
            attributes: failure == nil ? try header.attributeCount() : 0)
        if object.kind == .group {
            try ObjectHeader(of: .group(path), at: address, in: file).validateLinks(.group(path), in: file)
        }
        objects[address] = object
        return object
    }

    /// Validates an object as ``validate(_:at:in:)`` does.
    ///
    /// - Parameter location: an open object of the file.
    func validate(_ path: String, of location: hid_t, at address: UInt64) throws(HDF5Error) -> Object {
        if let known = objects[address] { return known }
        return try validate(path, at: address, in: bytes(of: location))
    }

    /// The number of attributes of a validated object.
    ///
    /// Attributes outside the header are found through a heap and a B-tree, which our files never use. Even to count
    /// them libhdf5 1.10.8 divides by a number in the tree's header, which may be 0.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` if attributes are stored outside the header.
    func attributeCount(_ owner: MetadataReader.Owner, at address: UInt64) throws(HDF5Error) -> Int {
        guard let count = objects[address]?.attributes else {
            throw MetadataReader(owner, []).refusal("attributes outside its header")
        }
        return count
    }

    /// Validates the attributes of a validated group, unless they were validated before.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, also if attributes are stored outside the header; `wrongType` for
    ///   an attribute of anything but numbers or text.
    func validateAttributes(_ path: String, of location: hid_t, at address: UInt64) throws(HDF5Error) {
        guard !decodable.contains(address) else { return }
        _ = try attributeCount(.group(path), at: address)
        try ObjectHeader(of: .group(path), at: address, in: bytes(of: location)).validateAttributes()
        decodable.insert(address)
    }
}
