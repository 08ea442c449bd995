/// The names that may be part of a path in a file.
enum PathComponent {
    /// Whether a name has 1 to 128 letters, digits, `_`, `-` or `.`, and does not start with a dot.
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && name.first != "."
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 95 || byte == 45 || byte == 46
            }
    }
}
