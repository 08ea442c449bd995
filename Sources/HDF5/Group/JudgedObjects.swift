internal import CHDF5

/// The objects of a file that is only read whose way to their members and attributes was looked at, each once.
final class JudgedObjects {
    /// By the addresses of their headers: how many attributes are there; `nil` where they are elsewhere.
    private var attributes: [UInt64: Int?] = [:]
    private var place: FileBytes.Place?

    /// The file's bytes.
    ///
    /// - Parameter location: an open object of the file.
    func bytes(of location: hid_t) throws(HDF5Error) -> FileBytes {
        if let place { return try FileBytes(of: location, at: place) }
        let file = try FileBytes(of: location)
        place = file.place
        return file
    }

    /// Looks at an object, if it was not looked at before, and throws unless the library can take its way to its members.
    ///
    /// - Parameters:
    ///   - owner: the object, for messages.
    ///   - location: an open object of the file.
    ///   - address: of the object's header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func judge(_ owner: HeaderBytes.Owner, of location: hid_t, at address: UInt64) throws(HDF5Error) {
        guard attributes[address] == nil else { return }
        let file = try bytes(of: location)
        do throws(HDF5Error) {
            let header = try ObjectHeader(of: owner, at: address, in: file)
            if case .group = owner { try header.requireMembers(owner, in: file) }
            attributes.updateValue(try header.attributeCount(), forKey: address)
        } catch {
            // A dataset's header that is none is refused where the dataset is opened, in front of all else there.
            guard case .dataset = owner, error.code == .layoutNotAllowed else { throw error }
            attributes.updateValue(0, forKey: address)
        }
    }

    /// How many attributes an object has, which was looked at.
    ///
    /// Where they are not in its header they are found through a heap and a tree, of which nothing of ours is in need: to
    /// count them alone the library divides by what the tree says (1.10.8).
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` where they are not in its header.
    func attributeCount(_ owner: HeaderBytes.Owner, at address: UInt64) throws(HDF5Error) -> Int {
        guard let known = attributes[address], let count = known else {
            throw HeaderBytes(owner, []).refusal("attributes that are not in its header")
        }
        return count
    }
}
