internal import CHDF5

extension HDF5 {
    /// A scalar attribute of a group.
    package enum AttributeValue: Sendable, Equatable {
        /// Signed 64-bit integer.
        case int64(Int64)
        /// Unsigned 64-bit integer.
        case uint64(UInt64)
        /// IEEE 754 binary64.
        case float64(Double)
        /// UTF-8 text of fixed length, padded with zero bytes.
        case string(String)
    }
}

extension HDF5.Group {
    /// Creates an attribute.
    ///
    /// - Throws: ``HDF5Error``: `objectExists`, `invalidArgument` for an empty name, or for text with a zero byte or
    ///   more than 32,768 bytes, `callFailed`.
    package func setAttribute(_ name: String, to value: HDF5.AttributeValue) throws(HDF5Error) {
        guard !name.isEmpty, !name.utf8.contains(0) else {
            throw HDF5Error(code: .invalidArgument, message: "An attribute needs a name without zero bytes.")
        }
        guard try !Library.answer(H5Aexists(handle.id, name), "H5Aexists") else {
            throw HDF5Error(code: .objectExists, message: "/\(path) already has an attribute '\(name)'.")
        }
        switch value {
        case .int64(let number): try write(name, HDF5.ElementType.int64.identifier, number)
        case .uint64(let number): try write(name, HDF5.ElementType.uint64.identifier, number)
        case .float64(let number): try write(name, HDF5.ElementType.float64.identifier, number)
        case .string(let text):
            let bytes = Array(text.utf8)
            guard bytes.count <= 32_768, !bytes.contains(0) else {
                throw HDF5Error(
                    code: .invalidArgument,
                    message: "The attribute '\(name)' must not have zero bytes or more than 32768 bytes.")
            }
            let type = try Self.stringType(byteCount: max(bytes.count, 1))
            try bytes.isEmpty ? write(name, type.id, UInt8(0)) : writeBytes(name, type.id, bytes)
        }
    }

    /// The value of an attribute.
    ///
    /// - Parameter limit: the maximum number of bytes of text.
    /// - Throws: ``HDF5Error``: `objectMissing`, `wrongType` for anything but a scalar of one of the types of
    ///   ``HDF5/AttributeValue``, `layoutNotAllowed` if the attributes are stored outside the group's header, as
    ///   libhdf5 does for more than eight, `limitExceeded`, `callFailed`.
    package func attribute(_ name: String, limit: Int = 4096) throws(HDF5Error) -> HDF5.AttributeValue {
        // The library decodes all of them to find one.
        if let headers, let address { try headers.validateAttributes(path, of: handle.id, at: address) }
        guard try Library.answer(H5Aexists(handle.id, name), "H5Aexists") else {
            throw HDF5Error(code: .objectMissing, message: "/\(path) has no attribute '\(name)'.")
        }
        let attribute = try Library.own(
            H5Aopen(handle.id, name, chdf5_default_list()), as: .attribute, "H5Aopen",
            "The attribute '\(name)' of /\(path) could not be opened.")
        let space = try Library.own(H5Aget_space(attribute.id), as: .dataspace, "H5Aget_space")
        let type = try Library.own(H5Aget_type(attribute.id), as: .datatype, "H5Aget_type")
        let wrong = HDF5Error(
            code: .wrongType,
            message: "The attribute '\(name)' of /\(path) must be one int64, uint64, float64 or fixed-length text.")
        guard H5Sget_simple_extent_type(space.id) == H5S_SCALAR else { throw wrong }
        if H5Tget_class(type.id) == H5T_STRING {
            guard try !Library.answer(H5Tis_variable_str(type.id), "H5Tis_variable_str") else { throw wrong }
            return .string(try text(attribute.id, type.id, name, limit))
        }
        func number<Number: HDF5.Element>(_: Number.Type) throws(HDF5Error) -> Number? {
            let id = Number.elementType.identifier
            guard try Library.answer(H5Tequal(type.id, id), "H5Tequal") else { return nil }
            var value = Number.zero
            try Library.check(H5Aread(attribute.id, id, &value), "H5Aread")
            return value
        }
        if let value = try number(Int64.self) { return .int64(value) }
        if let value = try number(UInt64.self) { return .uint64(value) }
        if let value = try number(Double.self) { return .float64(value) }
        throw wrong
    }

    /// The number of the group's attributes.
    ///
    /// Their names cannot be listed: for a list libhdf5 1.10.8 builds a table, and if damage stops it, it frees entries
    /// that it has not filled. Read attributes by their known names.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` if they are stored outside the group's header, in a file opened for
    ///   reading; `callFailed`.
    package func attributeCount() throws(HDF5Error) -> Int {
        guard let headers, let address else { return try Self.attributeCount(of: ".", in: handle.id) }
        return try headers.attributeCount(.group(path), at: address)
    }

    /// The number of attributes of an object that was validated, or that this process has written.
    static func attributeCount(of path: String, in location: hid_t) throws(HDF5Error) -> Int {
        var count: UInt64 = 0
        try Library.check(
            chdf5_attribute_count(location, path, &count), "H5Oget_info", "An object's attributes could not be counted."
        )
        return Int(clamping: count)
    }

    private func text(_ attribute: hid_t, _ type: hid_t, _ name: String, _ limit: Int) throws(HDF5Error) -> String {
        let size = H5Tget_size(type)
        guard size > 0, size <= limit else {
            throw HDF5Error(
                code: .limitExceeded,
                message: "The attribute '\(name)' of /\(path) has \(size) bytes; at most \(limit) are allowed.")
        }
        let memory = try Self.stringType(byteCount: size)
        try Library.check(H5Tset_cset(memory.id, H5Tget_cset(type)), "H5Tset_cset")
        var bytes = [UInt8](repeating: 0, count: size)
        try Library.check(H5Aread(attribute, memory.id, &bytes), "H5Aread")
        // Padding is removed; a zero byte in the middle would hide what follows it.
        while bytes.last == 0 { bytes.removeLast() }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw HDF5Error(
                code: .wrongType, message: "The attribute '\(name)' of /\(path) is not UTF-8 text padded with zeros.")
        }
        return text
    }

    private func writeBytes(_ name: String, _ type: hid_t, _ value: UnsafeRawPointer) throws(HDF5Error) {
        let space = try Library.own(H5Screate(H5S_SCALAR), as: .dataspace, "H5Screate")
        let attribute = try Library.own(
            H5Acreate2(handle.id, name, type, space.id, chdf5_default_list(), chdf5_default_list()), as: .attribute,
            "H5Acreate2", "The attribute '\(name)' of /\(path) could not be created.")
        try Library.check(
            H5Awrite(attribute.id, type, value), "H5Awrite",
            "The attribute '\(name)' of /\(path) could not be written.")
        try attribute.close()
    }

    private func write<Number: BitwiseCopyable>(_ name: String, _ type: hid_t, _ value: Number) throws(HDF5Error) {
        var value = value
        // Not `withUnsafeBytes`, which does not always rethrow the typed error.
        try writeBytes(name, type, &value)
    }

    private static func stringType(byteCount: Int) throws(HDF5Error) -> Handle {
        let type = try Library.own(H5Tcopy(chdf5_type_c_string()), as: .datatype, "H5Tcopy")
        try Library.check(H5Tset_size(type.id, byteCount), "H5Tset_size")
        try Library.check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), "H5Tset_strpad")
        try Library.check(H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset")
        return type
    }
}
