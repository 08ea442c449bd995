internal import CHDF5

/// The objects of a file opened for reading whose links and attributes were validated, each once.
final class ValidatedHeaders {
    /// By the address of an object's header: the number of its attributes; `nil` if they are not in the header.
    private var attributes: [UInt64: Int?] = [:]
    private var source: FileBytes.Source?

    /// The file's bytes.
    ///
    /// - Parameter location: an open object of the file.
    func bytes(of location: hid_t) throws(HDF5Error) -> FileBytes {
        if let source { return try FileBytes(of: location, at: source) }
        let file = try FileBytes(of: location)
        source = file.source
        return file
    }

    /// Validates an object, unless it was validated before: libhdf5 must be able to find its links safely.
    ///
    /// - Parameters:
    ///   - owner: the object, for error messages.
    ///   - location: an open object of the file.
    ///   - address: of the object's header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read.
    func validate(_ owner: MetadataReader.Owner, of location: hid_t, at address: UInt64) throws(HDF5Error) {
        guard attributes[address] == nil else { return }
        let file = try bytes(of: location)
        do throws(HDF5Error) {
            let header = try ObjectHeader(of: owner, at: address, in: file)
            if case .group = owner { try header.validateLinks(owner, in: file) }
            attributes.updateValue(try header.attributeCount(), forKey: address)
        } catch {
            // An invalid dataset header is refused when the dataset is opened, before anything else of it is read.
            guard case .dataset = owner, error.code == .layoutNotAllowed else { throw error }
            attributes.updateValue(0, forKey: address)
        }
    }

    /// The number of attributes of a validated object.
    ///
    /// Attributes outside the header are found through a heap and a B-tree, which our files never use. Even to count
    /// them libhdf5 1.10.8 divides by a number in the tree's header, which may be 0.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` if attributes are stored outside the header.
    func attributeCount(_ owner: MetadataReader.Owner, at address: UInt64) throws(HDF5Error) -> Int {
        guard let known = attributes[address], let count = known else {
            throw MetadataReader(owner, []).refusal("attributes outside its header")
        }
        return count
    }
}
