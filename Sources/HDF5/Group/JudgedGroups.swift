internal import CHDF5

/// The groups of a file that is only read whose way to their members was found to be one that the library can take.
final class JudgedGroups {
    /// By the addresses of their headers: whether their attributes are there, too.
    private var attributesInHeader: [UInt64: Bool] = [:]

    /// Looks at a group that was not looked at before.
    ///
    /// - Parameters:
    ///   - path: from the root, for messages.
    ///   - object: an open object of the file.
    ///   - address: of the group's header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func judge(_ path: String, of object: hid_t, at address: UInt64) throws(HDF5Error) {
        guard attributesInHeader[address] == nil else { return }
        let file = try FileBytes(of: object)
        let header = try ObjectHeader(of: .group(path), at: address, in: file)
        attributesInHeader[address] = try header.requireMembers(.group(path), in: file)
    }

    /// Throws unless the attributes of a group that was looked at are in its header.
    ///
    /// Others are found through a heap and a tree, which nothing of ours is in need of.
    func requireAttributesInHeader(_ path: String, _ address: UInt64) throws(HDF5Error) {
        guard attributesInHeader[address] == true else {
            throw HeaderBytes(.group(path), []).refusal("attributes that are not in its header")
        }
    }
}
