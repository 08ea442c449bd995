internal import CHDF5

extension HDF5Error {
    /// The system's error number from the innermost frame that has one: `ENOSPC` for a full disk, for example.
    package var systemErrorNumber: Int32? {
        for frame in stack.reversed() {
            guard let text = frame.description.firstRange(ofText: "errno = ") else { continue }
            let digits = frame.description[text...].prefix { $0.isNumber }
            if let number = Int32(digits), number != 0 { return number }
        }
        return nil
    }

    /// Copies the library's error stack of this thread, outermost function first, and clears it.
    static func takeStack() -> [Frame] {
        var frames: [Frame] = []
        withUnsafeMutablePointer(to: &frames) { pointer in
            // If the walk fails, the frames collected so far are returned.
            _ = H5Ewalk2(
                chdf5_error_stack(), H5E_WALK_DOWNWARD,
                { _, entry, context in
                    guard let entry, let context else { return 0 }
                    let frames = context.assumingMemoryBound(to: [Frame].self)
                    frames.pointee.append(
                        Frame(
                            function: text(entry.pointee.func_name), description: text(entry.pointee.desc),
                            major: classText(entry.pointee.maj_num), minor: classText(entry.pointee.min_num)))
                    return 0
                }, pointer)
        }
        H5Eclear2(chdf5_error_stack())
        return frames
    }
}

private func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

/// The library's text for a major or minor class of errors.
private func classText(_ id: hid_t) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        guard let base = buffer.baseAddress, H5Eget_msg(id, nil, base, buffer.count) >= 0 else { return "" }
        return String(cString: base)
    }
}

extension String {
    /// The index after the first occurrence of `text`.
    fileprivate func firstRange(ofText text: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
