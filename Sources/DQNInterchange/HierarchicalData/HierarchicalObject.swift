internal import DQNModel

/// A group or a data set of an HDF5 file.
struct HierarchicalObject {
    let file: HierarchicalFile
    /// The names from the root, joined by `/`; empty for the root.
    let path: String
    let messages: [HierarchicalMessage]
    private let address: UInt64

    init(_ file: HierarchicalFile, path: String, address: UInt64) throws(InterchangeError) {
        self.file = file
        self.path = path
        self.address = address
        messages = try file.messages(at: address, Self.words(path))
    }

    /// How errors call the object.
    var words: String { Self.words(path) }

    private static func words(_ path: String) -> String { path.isEmpty ? "The root group" : "'\(path)'" }

    /// Whether it is a data set.
    var isDataset: Bool { messages.contains { $0.kind == HierarchicalMessage.Kind.layout } }

    /// The names of a group's members.
    func names() throws(InterchangeError) -> [String] { try file.links(messages, at: address, words).map(\.name) }

    /// Returns a member of a group, or `nil` if it has none of this name.
    func member(_ name: String) throws(InterchangeError) -> HierarchicalObject? {
        let links = try file.links(messages, at: address, words)
        try file.visit(links.count)
        guard let link = links.first(where: { $0.name == name }) else { return nil }
        guard path.utf8.count <= 4096 else { throw .malformed("\(file.name) has groups within groups endlessly.") }
        return try HierarchicalObject(file, path: path.isEmpty ? name : "\(path)/\(name)", address: link.address)
    }

    /// Returns what a path of names leads to, or `nil`.
    func member(at path: String) throws(InterchangeError) -> HierarchicalObject? {
        var object = self
        for name in path.split(separator: "/") {
            guard let next = try object.member(String(name)) else { return nil }
            object = next
        }
        return object
    }
}
