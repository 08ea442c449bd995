/// The versions of the file format that this library reads and writes.
public enum FormatVersion {
    /// All known versions, oldest first.
    public static let known = ["1.0"]
    /// The version that is written.
    public static let current = "1.0"
}
