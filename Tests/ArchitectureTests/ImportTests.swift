import Testing

/// Compares the table in `docs/architecture.md` with the imports of every file and the dependencies in `Package.swift`.
@Suite struct ImportTests {
    private let table: ModuleTable
    private let modules: [String]

    init() throws {
        table = try ModuleTable()
        // C modules have no Swift files, so they import no modules.
        modules = try Repository.modules().filter {
            try !Repository.files(below: "Sources/\($0)", suffixes: [".swift"]).isEmpty
        }
    }

    @Test func theTableListsEveryModuleOnce() {
        #expect(table.rows.map(\.module).sorted() == modules)
    }

    @Test func everyArrowPointsDownwards() {
        var lower: Set<String> = []
        for row in table.rows {
            let upwards = row.imports.intersection(modules).subtracting(lower)
            #expect(upwards.isEmpty, "\(row.module) imports \(upwards.sorted()), which the table lists after it")
            lower.insert(row.module)
        }
    }

    @Test func filesImportWhatTheTableAllows() throws {
        for row in table.rows {
            var imported: Set<String> = []
            for file in try Repository.files(below: "Sources/\(row.module)", suffixes: [".swift"]) {
                let imports = Repository.imports(of: try Repository.text(file))
                    .subtracting(Repository.toolchainModules)
                let forbidden = imports.subtracting(row.imports)
                #expect(forbidden.isEmpty, "\(file) imports \(forbidden.sorted()), which the table does not allow")
                imported.formUnion(imports)
            }
            let unused = row.imports.subtracting(imported)
            #expect(unused.isEmpty, "no file of \(row.module) imports \(unused.sorted()), which the table lists")
        }
    }

    @Test func theManifestHasNoEdgeThatNoFileImports() throws {
        let manifest = try Manifest()
        for row in table.rows {
            #expect(
                manifest.dependencies[row.module] == row.imports, "the dependencies of \(row.module) in Package.swift")
        }
    }

    @Test(arguments: [
        ("CHDF5", "HDF5"), ("COneDNN", "DQNNetwork"), ("CKernels", "DQNNetwork"), ("CLibcrypto", "DQNCheckpoint"),
        ("CDQNEnvironment", "DQNEnvironments"), ("CDQNSupport", "DQNSupport"),
    ])
    func onlyOneModuleImportsACLibrary(library: String, owner: String) {
        #expect(table.rows.filter { $0.imports.contains(library) }.map(\.module) == [owner])
    }

    @Test func theCoreAndThePlayerLinkNoTrainer() {
        let rows = Dictionary(uniqueKeysWithValues: table.rows.map { ($0.module, $0.imports) })
        func reachable(from module: String) -> Set<String> {
            let direct = rows[module] ?? []
            return direct.reduce(into: direct) { $0.formUnion(reachable(from: $1)) }
        }
        #expect(reachable(from: "DQNCheckpoint").isDisjoint(with: ["DQNNetwork", "DQNEnvironments", "DQNLearning"]))
        #expect(reachable(from: "dqn-play").isDisjoint(with: ["DQNLearning", "DQNTraining"]))
        #expect(reachable(from: "dqn-checkpoint").isDisjoint(with: ["DQNNetwork", "DQNLearning", "DQNTraining"]))
    }
}
