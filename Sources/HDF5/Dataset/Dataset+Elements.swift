internal import CHDF5

extension HDF5.Dataset {
    /// Writes all elements from memory, row-major.
    ///
    /// - Throws: ``HDF5Error``: `wrongShape` if the buffer does not have the dataset's size, `callFailed`.
    package func write(from bytes: UnsafeRawBufferPointer) throws(HDF5Error) {
        try requireBytes(bytes.count, of: shape)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        try Library.check(
            H5Dwrite(handle.id, element.identifier, chdf5_all(), chdf5_all(), chdf5_default_list(), base), "H5Dwrite",
            "The dataset /\(path) could not be written.")
    }

    /// Writes a range of rows (of the first axis), so that not all data has to be in memory at once.
    ///
    /// - Throws: ``HDF5Error``: `wrongShape` if the dataset does not have these rows or the buffer does not have their
    ///   size, `callFailed`.
    package func writeRows(_ rows: Range<Int>, from bytes: UnsafeRawBufferPointer) throws(HDF5Error) {
        let selection = try select(rows, bytes.count)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        try Library.check(
            H5Dwrite(handle.id, element.identifier, selection.memory.id, selection.file.id, chdf5_default_list(), base),
            "H5Dwrite",
            "Rows \(rows) of the dataset /\(path) could not be written.")
    }

    /// Reads all elements into memory, row-major.
    ///
    /// - Throws: ``HDF5Error``: `wrongShape` if the buffer does not have the dataset's size, `callFailed`.
    package func read(into bytes: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
        try requireBytes(bytes.count, of: shape)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        try Library.check(
            H5Dread(handle.id, element.identifier, chdf5_all(), chdf5_all(), chdf5_default_list(), base), "H5Dread",
            "The dataset /\(path) could not be read.")
    }

    /// Reads a range of rows (of the first axis).
    ///
    /// - Throws: as ``writeRows(_:from:)``.
    package func readRows(_ rows: Range<Int>, into bytes: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
        let selection = try select(rows, bytes.count)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        try Library.check(
            H5Dread(handle.id, element.identifier, selection.memory.id, selection.file.id, chdf5_default_list(), base),
            "H5Dread",
            "Rows \(rows) of the dataset /\(path) could not be read.")
    }

    private func requireBytes(_ count: Int, of shape: [Int]) throws(HDF5Error) {
        let needed = shape.reduce(element.byteCount, *)
        guard count == needed else {
            throw HDF5Error(
                code: .wrongShape,
                message:
                    "A buffer of \(count) bytes does not match \(shape) elements of /\(path), which take \(needed).")
        }
    }

    /// The dataspaces of a range of rows, in memory and in the file.
    private func select(_ rows: Range<Int>, _ byteCount: Int) throws(HDF5Error) -> Selection {
        guard let extent = shape.first, rows.lowerBound >= 0, rows.upperBound <= extent else {
            throw HDF5Error(code: .wrongShape, message: "The dataset /\(path) of shape \(shape) has no rows \(rows).")
        }
        let counts = [rows.count] + shape.dropFirst()
        try requireBytes(byteCount, of: counts)
        let file = try Library.own(H5Dget_space(handle.id), as: .dataspace, "H5Dget_space")
        let start = [hsize_t(rows.lowerBound)] + [hsize_t](repeating: 0, count: shape.count - 1)
        try Library.check(
            H5Sselect_hyperslab(file.id, H5S_SELECT_SET, start, nil, counts.map(hsize_t.init), nil),
            "H5Sselect_hyperslab")
        return Selection(memory: try HDF5.dataspace(counts, of: path), file: file)
    }
}

/// The same elements, in memory and in the file.
private struct Selection: ~Copyable {
    let memory: Handle
    let file: Handle
}
