import Foundation

/// The repository as files: what the tests of its layout read.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Modules that come with the toolchain; any file may import them.
    static let toolchainModules: Set<String> = ["Dispatch", "Foundation", "Synchronization"]

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Regular files below a folder with one of the suffixes, as paths from the root.
    static func files(below folder: String, suffixes: [String]) throws -> [String] {
        let start = root.appendingPathComponent(folder)
        guard let paths = FileManager.default.enumerator(atPath: start.path) else {
            throw CocoaError(.fileReadNoSuchFile)
        }
        return paths.compactMap { $0 as? String }
            .filter { path in suffixes.contains { path.hasSuffix($0) } }
            .map { "\(folder)/\($0)" }.sorted()
    }

    /// Folders directly inside `Sources`.
    static func modules() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Sources").path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    /// The modules that a Swift file imports.
    static func imports(of text: String) -> Set<String> {
        let pattern =
            /^(?:@\w+\s+)*(?:public |package |internal |private |fileprivate )?import (?:struct |class |enum |func )?(\w+)/
            .anchorsMatchLineEndings()
        return Set(text.matches(of: pattern).map { String($0.1) })
    }
}

/// The table of modules in `docs/architecture.md`: what each one imports, the lowest first.
struct ModuleTable {
    struct Row: Sendable {
        let module: String
        /// Modules of this package, C modules and packages.
        let imports: Set<String>
    }

    let rows: [Row]

    /// Reads the table between the marks `<!-- modules -->` and `<!-- end of modules -->`.
    init() throws {
        let document = try Repository.text("docs/architecture.md")
        let start = try document.range(of: "<!-- modules -->").orThrow("the beginning of the table of modules")
        let end = try document.range(of: "<!-- end of modules -->").orThrow("the end of the table of modules")
        rows = document[start.upperBound..<end.lowerBound].split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count >= 3 else { return nil }
            let names = { (cell: Substring) in cell.matches(of: /`([\w-]+)`/).map { String($0.1) } }
            guard let module = names(cells[1]).first else { return nil }
            return Row(module: module, imports: Set(names(cells[2])))
        }
    }
}

/// What `Package.swift` declares for the targets in `Sources`.
struct Manifest {
    /// Dependencies by target, products of other packages by product name.
    let dependencies: [String: Set<String>]

    init() throws {
        let text = try Repository.text("Package.swift")
        let start = try text.range(of: "targets: [\n        //").orThrow("the list of targets")
        var found: [String: Set<String>] = [:]
        let targets = text[start.upperBound...].split(
            separator: /\n        \.(?=target|executableTarget|systemLibrary)/)
        for target in targets {
            guard let name = target.firstMatch(of: /name: "([\w-]+)"/)?.1 else { continue }
            // A target ends where the next entry of the list begins.
            let body = target.split(separator: /\n        \.testTarget/).first ?? target
            let isSystemLibrary = body.hasPrefix("systemLibrary")
            guard !isSystemLibrary, let list = body.firstMatch(of: /(?s)dependencies: \[(.*?)\n? *\](?:,|\))/)?.1 else {
                found[String(name)] = []
                continue
            }
            let products = list.matches(of: /\.product\(name: "(\w+)"/).map { String($0.1) }
            let plain = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([\w-]+)"/).map { String($0.1) }
            found[String(name)] = Set(products + plain)
        }
        dependencies = found
    }
}

/// A part that a document lacks.
struct MissingText: Error, CustomStringConvertible {
    let description: String
}

extension Optional {
    func orThrow(_ what: String) throws -> Wrapped {
        guard let self else { throw MissingText(description: "\(what) is missing") }
        return self
    }
}
