import Foundation
import Testing

/// `docs/licences.md` lists every dependency, with the licence that the dependency's own file names.
@Suite struct LicenceTests {
    private static let page = (try? Documents.text("docs/licences.md")) ?? ""

    /// The cells of all tables, row by row.
    private static let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }
        .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }

    @Test func everyPackageOfTheManifestsIsListed() throws {
        var packages: Set<String> = []
        for manifest in ["Package.swift", "Benchmarks/Package.swift", "Tests/Fuzz/Package.swift"] {
            for match in try Documents.text(manifest).matches(of: /url: "https:\/\/github.com\/[\w-]+\/([\w-]+)"/) {
                packages.insert(String(match.1))
            }
        }
        #expect(packages.isSuperset(of: ["swift-argument-parser", "swift-log", "swift-docc-plugin"]))
        for package in packages { #expect(Self.rows.contains { $0[0].contains(package) }, "\(package)") }
        let libraries = try Documents.text("Package.swift").matches(of: /\.apt\(\["(lib\w+)-dev"/).map { String($0.1) }
        #expect(libraries.count == 3)
        for library in libraries {
            let name = library == "libssl" ? "libcrypto of OpenSSL" : library
            #expect(Self.rows.contains { $0[0].contains(name) }, "\(name)")
        }
    }

    @Test func everyPythonPackageIsListed() throws {
        let lists = try Documents.files(".txt").filter { $0.contains("requirements") }
        #expect(lists.count >= 4)
        for list in lists {
            for line in try Documents.text(list).split(separator: "\n") where !line.hasPrefix("#") {
                let name = line.prefix { $0 != "=" && $0 != ">" && $0 != "[" && $0 != " " }
                    .replacing("_", with: "-").lowercased()
                let isListed = Self.rows.contains { row in
                    row[0].lowercased().replacing("_", with: "-").split { $0 == "," || $0 == " " }.contains(name[...])
                }
                #expect(isListed, "\(name) of \(list)")
            }
        }
    }

    /// What a licence's text must contain, by the name that the page uses for it.
    private static let words = [
        "Apache-2.0": "Apache", "BSD-3-Clause": "BSD-3-Clause", "MIT (Expat)": "Expat",
    ]

    /// Files that are installed here contain the licence that the page names.
    @Test func theFilesOfThePackagesAgree() throws {
        var compared = 0
        for row in Self.rows where row.count >= 4 {
            guard let path = row[3].firstMatch(of: /`(\/usr\/share\/doc\/[^`]+)`/)?.1,
                let text = try? String(contentsOfFile: String(path), encoding: .utf8)
            else { continue }
            let name = try #require(Self.words.keys.first { row[1].hasPrefix($0) }, "\(row[1])")
            let words = (Self.words[name] ?? "").lowercased()
            #expect(text.lowercased().contains(words), "\(path) does not name \(name)")
            compared += 1
        }
        for package in ["swift-argument-parser", "swift-log"] {
            let path = Documents.root.appendingPathComponent(".build/checkouts/\(package)/LICENSE.txt").path
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            let row = try #require(Self.rows.first { $0[0] == package })
            #expect(text.contains("Apache License") && row[1].hasPrefix("Apache-2.0"))
            #expect(text.contains("Runtime Library Exception") == row[1].contains("Runtime Library Exception"))
            compared += 1
        }
        #expect(compared > 0)
    }
}

/// `Scripts/Dockerfile`, by our own rules; `Scripts/test` also runs hadolint.
@Suite struct DockerfileTests {
    private static let programs = ["dqn-train", "dqn-play", "dqn-checkpoint"]

    /// An instruction with its continued lines joined.
    private static let instructions: [String] = {
        let text = (try? Documents.text("Scripts/Dockerfile")) ?? ""
        let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
        return lines.joined(separator: "\n").replacing(#/ *\\\n */#, with: " ").split(separator: "\n").map(String.init)
    }()

    private static var stages: [[String]] {
        instructions.reduce(into: []) { stages, instruction in
            if instruction.hasPrefix("FROM ") { stages.append([]) }
            stages[stages.count - 1].append(instruction)
        }
    }

    @Test func theSecondStageHasTheProgramsAlone() throws {
        #expect(Self.stages.count == 2)
        let (build, run) = (try #require(Self.stages.first), try #require(Self.stages.last))
        // A fixed version, not the newest one; the same Debian on both sides.
        #expect(build[0].wholeMatch(of: /FROM swift:6\.\d+-bookworm AS build/) != nil)
        #expect(run[0] == "FROM debian:bookworm-slim")
        #expect(run.filter { $0.hasPrefix("COPY ") } == ["COPY --from=build /programs/ /usr/local/bin/"])
        for program in Self.programs { #expect(build.contains { $0.contains(program) }) }
        #expect(build.contains("ARG DQN_BUILD_COMMIT="), "--version names the commit")
        #expect(build.contains { $0.contains("--static-swift-stdlib") })
    }

    @Test func packagesAreInstalledSparingly() {
        let installs = Self.instructions.filter { $0.contains("apt-get install") }
        #expect(installs.count == 2)
        for install in installs {
            #expect(install.contains("apt-get update && apt-get install -y --no-install-recommends"))
            #expect(install.contains("rm -rf /var/lib/apt/lists/*"))
            #expect(!install.contains("sudo"))
        }
    }

    /// The first stage installs what `Scripts/bootstrap` does, the second what those packages were linked from.
    @Test func theStagesHaveTheLibraries() throws {
        let bootstrap = try Documents.text("Scripts/bootstrap")
        let needed = bootstrap.matches(of: /missing\+=\((lib[\w-]+|pkg-config)\)/).map { String($0.1) }
        #expect(needed.count == 5)
        for package in needed { #expect(Self.stages[0].contains { $0.contains(" \(package) ") }, "\(package)") }
        let run = Self.stages[1].joined(separator: "\n")
        for library in ["libhdf5-", "libdeflate", "libssl", "libdnnl"] {
            #expect(run.contains(" \(library)"), "\(library)")
        }
    }

    /// SwiftPM reads no manifest that names a folder which does not exist, whatever product is built.
    @Test func theFoldersOfAllTargetsAreCopied() throws {
        let manifest = try Documents.text("Package.swift")
        let copied = Self.stages[0].filter { $0.hasPrefix("COPY ") }.map { String($0.split(separator: " ")[1]) }
        let targets = manifest.matches(
            of: #/\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([\w-]+)"/#)
        #expect(targets.count > 30)
        for (index, target) in targets.enumerated() {
            let end = index + 1 < targets.count ? targets[index + 1].range.lowerBound : manifest.endIndex
            let path = manifest[target.range.upperBound..<end].firstMatch(of: #/path: "([^"]+)"/#)?.output.1
            let folder =
                path.map(String.init) ?? (target.output.1 == "testTarget" ? "Tests" : "Sources") + "/\(target.output.2)"
            #expect(Documents.exists(folder), "\(folder)")
            #expect(copied.contains { "\(folder)/".hasPrefix("\($0)/") }, "\(folder)")
        }
    }

    @Test func copiedFoldersExistAndAreNotIgnored() throws {
        let ignored = try Documents.text("Scripts/Dockerfile.dockerignore").split(separator: "\n").map(String.init)
        for copy in Self.stages[0] where copy.hasPrefix("COPY ") {
            let source = String(copy.split(separator: " ")[1])
            #expect(Documents.exists(source) && ignored.contains("!\(source)"), "\(source)")
        }
    }

    @Test func theProgramIsNotRootAndGetsTheSignals() throws {
        let run = try #require(Self.stages.last)
        let user = try #require(run.firstIndex { $0.hasPrefix("USER ") })
        #expect(run[user] == "USER 1000" && run[..<user].contains { $0.contains("useradd") })
        // In brackets, or a shell is process 1 and keeps the signals.
        #expect(run.last?.hasPrefix("CMD [\"") == true)
        #expect(run.contains("WORKDIR /training"))
    }

    /// On Debian 12 the programs load exactly these packages' libraries.
    @Test func theLibrariesOfTheProgramsAreInstalled() throws {
        let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        guard release.contains("VERSION_CODENAME=bookworm") else { return }
        let run = Self.stages[1].joined(separator: "\n")
        for program in Self.programs {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c",
                """
                readelf -d "$1" | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p' | while read -r library; do
                    case $library in libswift*|libFoundation*|lib_Foundation*|libdispatch*|libBlocks*) continue ;; esac
                    dpkg -S "/usr/lib/x86_64-linux-gnu/$library" "/lib/x86_64-linux-gnu/$library" 2>/dev/null | head -1
                done
                """, "sh", Program.executable(program).path,
            ]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            // In every image of Debian.
            let base: Set<String> = ["libc6", "libgcc-s1", "libstdc++6"]
            let packages = Set(
                text.split(separator: "\n").compactMap { $0.split(separator: ":").first.map(String.init) })
            for package in packages.subtracting(base) { #expect(run.contains(" \(package)"), "\(program): \(package)") }
        }
    }
}
