import HDF5

/// The error of opening a file for reading or of what is done with its root group; `nil` if there is none.
func readingFailure(
    _ path: String, _ body: @Sendable (borrowing HDF5.Group) throws(HDF5Error) -> Void = { _ in }
) -> HDF5Error? {
    HDF5.perform { session in
        do throws(HDF5Error) {
            let file = try session.openFile(path, mode: .readOnly)
            let root = try file.root()
            try body(root)
            return nil
        } catch {
            return error
        }
    }
}
