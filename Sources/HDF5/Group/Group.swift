internal import CHDF5

extension HDF5 {
    /// An open group. Paths are relative to it: names separated by `/`.
    package struct Group: ~Copyable {
        let handle: Handle
        /// Its path from the root, without a leading `/`; empty for the root.
        package let path: String
        /// The objects of the file that libhdf5 can safely look into; `nil` for a file opened for writing, which this
        /// process has written itself.
        let headers: ValidatedHeaders?
        /// The address of its own header in a file opened for reading.
        let address: UInt64?
    }

    /// The kind of an object.
    package enum ObjectKind: Sendable {
        case group
        case dataset
        /// A named datatype, or a kind from a later version of HDF5.
        case other
    }

    /// The target of a link.
    package enum Member: Sendable, Equatable {
        /// An object, through a hard link; with its number of hard links and of attributes.
        case object(ObjectKind, links: Int, attributes: Int)
        /// A soft, external or user-defined link, which is not followed.
        case otherLink
    }
}

@available(*, unavailable)
extension HDF5.Group: Sendable {}

extension HDF5.Group {
    /// Creates a group; its parent must exist.
    ///
    /// - Throws: ``HDF5Error``: `objectExists`, `objectMissing`, `linkNotAllowed`, `wrongObject`, `callFailed`.
    package func createGroup(_ path: String) throws(HDF5Error) -> HDF5.Group {
        try requireFree(path)
        let creation = try Library.own(H5Pcreate(chdf5_group_creation()), as: .propertyList, "H5Pcreate")
        try Library.check(H5Pset_obj_track_times(creation.id, false), "H5Pset_obj_track_times")
        let id = H5Gcreate2(handle.id, path, chdf5_default_list(), creation.id, chdf5_default_list())
        return HDF5.Group(
            handle: try Library.own(id, as: .group, "H5Gcreate2", "The group \(full(path)) could not be created."),
            path: full(path), headers: headers, address: nil)
    }

    /// Creates a group and those of its parents that are missing, unless it exists.
    ///
    /// - Throws: as ``createGroup(_:)``.
    package func requireGroups(_ path: String) throws(HDF5Error) {
        var prefix = ""
        for name in try Self.components(path) {
            prefix += prefix.isEmpty ? name : "/" + name
            let exists = try Library.answer(H5Lexists(handle.id, prefix, chdf5_default_list()), "H5Lexists")
            if exists {
                try require(prefix, .group)
            } else {
                try createGroup(prefix).close()
            }
        }
    }

    /// Opens a group.
    ///
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `layoutNotAllowed`, `callFailed`.
    package func openGroup(_ path: String) throws(HDF5Error) -> HDF5.Group {
        let address = try require(path, .group)
        let id = H5Gopen2(handle.id, path, chdf5_default_list())
        return HDF5.Group(
            handle: try Library.own(id, as: .group, "H5Gopen2", "The group \(full(path)) could not be opened."),
            path: full(path), headers: headers, address: headers.map { _ in address })
    }

    /// Closes the group.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`).
    package consuming func close() throws(HDF5Error) { try handle.close() }
}

extension HDF5.Group {
    /// The names of the group's links, sorted by their bytes. Links are listed, not followed.
    ///
    /// - Parameters:
    ///   - limit: most members.
    ///   - nameLimit: the maximum number of bytes of a name.
    /// - Throws: ``HDF5Error``: `limitExceeded`, `invalidArgument` for a name that is not UTF-8, `callFailed`.
    package func memberNames(limit: Int = 65_536, nameLimit: Int = 1024) throws(HDF5Error) -> [String] {
        var information = H5G_info_t()
        try Library.check(H5Gget_info(handle.id, &information), "H5Gget_info")
        guard information.nlinks <= hsize_t(limit) else {
            throw HDF5Error(
                code: .limitExceeded,
                message: "The group /\(path) has \(information.nlinks) members; at most \(limit) are allowed.")
        }
        let names = LinkNames(limit: limit, nameLimit: nameLimit)
        let status = chdf5_link_names(handle.id, addLinkName, Unmanaged.passUnretained(names).toOpaque())
        return try names.sorted(status, of: path)
    }

    /// The target of a link. In a file opened for reading, each object is validated once before libhdf5 looks for its
    /// links and attributes, since a damaged one can crash the library or make it run forever.
    ///
    /// - Throws: ``HDF5Error``: `objectMissing`, `wrongObject` if a parent is not a group, `layoutNotAllowed` for a
    ///   group whose links are not stored as libhdf5 stores them and for attributes outside an object's header,
    ///   `callFailed`.
    package func member(_ path: String) throws(HDF5Error) -> HDF5.Member { try target(path).member }

    /// The target of a link as ``member(_:)`` describes it, and the address of its header unless the link is not followed.
    /// libhdf5 has not read a dataset's header at that address.
    private func target(_ path: String) throws(HDF5Error) -> (member: HDF5.Member, address: UInt64) {
        let names = try Self.components(path)
        var prefix = ""
        for name in names.dropLast() {
            prefix += prefix.isEmpty ? name : "/" + name
            // Arrays of one group are read one after the other.
            if let headers, headers.groups.contains(full(prefix)) { continue }
            guard case .object(.group, _, _) = try link(prefix).member else {
                throw HDF5Error(
                    code: .wrongObject, message: "/\(full(prefix)) is not a group, so it has no member of \(path).")
            }
        }
        return try link(path)
    }

    /// Whether a path has a link.
    ///
    /// - Throws: ``HDF5Error``, as ``member(_:)`` except `objectMissing`.
    package func contains(_ path: String) throws(HDF5Error) -> Bool {
        do {
            _ = try member(path)
            return true
        } catch {
            guard error.code == .objectMissing else { throw error }
            return false
        }
    }
}

extension HDF5.Group {
    /// A member's path from the root.
    func full(_ member: String) -> String { path.isEmpty ? member : "\(path)/\(member)" }

    /// Splits a path into names.
    static func components(_ path: String) throws(HDF5Error) -> [String] {
        let names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }) else {
            throw HDF5Error(
                code: .invalidArgument,
                message: "'\(path)' is not a path: names between '/' must not be empty, '.' or '..'.")
        }
        return names
    }

    /// Throws unless every component of the path is a hard link and the last one leads to an object of the given kind.
    ///
    /// - Returns: the address of the object's header. libhdf5 has not read a dataset's.
    @discardableResult func require(_ path: String, _ kind: HDF5.ObjectKind) throws(HDF5Error) -> UInt64 {
        let target = try target(path)
        switch target.member {
        case .otherLink:
            throw HDF5Error(
                code: .linkNotAllowed, message: "/\(full(path)) is not a hard link; only hard links are followed.")
        case .object(let found, _, _) where found != kind:
            throw HDF5Error(code: .wrongObject, message: "/\(full(path)) is not a \(kind) but a \(found) object.")
        case .object: return target.address
        }
    }

    /// Throws if the path has an object already, or its parent is not a group.
    func requireFree(_ path: String) throws(HDF5Error) {
        let names = try Self.components(path)
        if names.count > 1 { try require(names.dropLast().joined(separator: "/"), .group) }
        if try Library.answer(H5Lexists(handle.id, path, chdf5_default_list()), "H5Lexists") {
            throw HDF5Error(code: .objectExists, message: "/\(full(path)) exists already.")
        }
    }

    /// The target of a path's last link; its parents have been checked.
    private func link(_ path: String) throws(HDF5Error) -> (member: HDF5.Member, address: UInt64) {
        guard try Library.answer(H5Lexists(handle.id, path, chdf5_default_list()), "H5Lexists") else {
            throw HDF5Error(code: .objectMissing, message: "There is no /\(full(path)).")
        }
        var address: UInt64 = 0
        guard try Library.answer(chdf5_hard_link(handle.id, path, &address), "H5Lget_info") else {
            return (.otherLink, 0)
        }
        guard let headers else { return (try writtenObject(path), address) }
        // Before any call that loads the object's header.
        let object = try headers.validate(full(path), of: handle.id, at: address)
        let owner: MetadataReader.Owner =
            switch object.kind {
            case .group: .group(full(path))
            case .dataset: .dataset(full(path))
            case .other: .other(full(path))
            }
        let attributes = try headers.attributeCount(owner, at: address)
        if object.kind == .group { headers.groups.insert(full(path)) }
        return (.object(object.kind, links: object.links, attributes: attributes), address)
    }

    /// An object that this process has written.
    private func writtenObject(_ path: String) throws(HDF5Error) -> HDF5.Member {
        var kind: Int32 = 0
        var links: UInt32 = 0
        var address: UInt64 = 0
        try Library.check(
            chdf5_object_information(handle.id, path, &kind, &links, &address), "H5Oget_info",
            "/\(full(path)) could not be inspected.")
        let found: HDF5.ObjectKind =
            switch kind {
            case H5O_TYPE_GROUP.rawValue: .group
            case H5O_TYPE_DATASET.rawValue: .dataset
            default: .other
            }
        return .object(found, links: Int(links), attributes: try Self.attributeCount(of: path, in: handle.id))
    }
}
