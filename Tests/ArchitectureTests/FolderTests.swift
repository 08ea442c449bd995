import Foundation
import Testing

/// Holds the folders of DQNCheckpoint against the order that `Sources/DQNCheckpoint/API.swift` lists.
@Suite struct FolderTests {
    private static let module = "Sources/DQNCheckpoint"

    /// Code without comments and string literals.
    private static func code(_ path: String) throws -> String {
        try Repository.text(path).replacing(/\/\/.*/, with: "").replacing(/"(?:\\.|[^"\\\n])*"/, with: "\"\"")
    }

    /// Files of a folder, and the types that they declare at the top level.
    private struct Folder {
        let name: String
        let files: [String]
        let types: Set<String>

        init(_ name: String) throws {
            self.name = name
            files = try Repository.files(below: "\(FolderTests.module)/\(name)", suffixes: [".swift"])
            let declaration =
                /^(?:public |package |internal |private |fileprivate )?(?:final )?(?:struct|class|enum|protocol|typealias) (\w+)/
                .anchorsMatchLineEndings()
            types = try files.reduce(into: []) { types, file in
                types.formUnion(try FolderTests.code(file).matches(of: declaration).map { String($0.1) })
            }
        }
    }

    @Test func aFolderUsesOnlyTheFoldersListedAboveIt() throws {
        let listed = try Repository.text("\(Self.module)/API.swift").matches(of: #/\n// (\w+)/ /#).map { String($0.1) }
        let folders = try listed.map(Folder.init)
        #expect(folders.count == 7 && folders.allSatisfy { !$0.files.isEmpty && !$0.types.isEmpty }, "\(listed)")
        for (index, folder) in folders.enumerated() {
            let higher = folders[(index + 1)...].reduce(into: Set<String>()) { $0.formUnion($1.types) }
            for file in folder.files {
                let words = Set(try Self.code(file).matches(of: /\w+/).map { String($0.0) })
                #expect(words.isDisjoint(with: higher), "\(file) uses \(words.intersection(higher).sorted())")
            }
        }
    }

    @Test func noVersionNamesANewerOne() throws {
        let versions = try FileManager.default.contentsOfDirectory(
            atPath: Repository.root.appendingPathComponent("\(Self.module)/Versions").path
        ).filter { $0.hasPrefix("V") && !$0.hasSuffix(".swift") }.map { String($0.dropFirst()) }.sorted()
        #expect(versions.count >= 3)
        for (index, version) in versions.enumerated() {
            for file in try Repository.files(below: "\(Self.module)/Versions/V\(version)", suffixes: [".swift"]) {
                let code = try Self.code(file)
                for newer in versions[(index + 1)...] {
                    #expect(!code.contains("Format\(newer)"), "\(file) names Format\(newer)")
                }
            }
        }
    }
}
