import DQNSupport
import Foundation
import Testing

/// Files that a kill cannot break, paths as the kernel reads them, and reasons without Foundation's words.
@Suite struct FileTests {
    /// A folder that is removed at the end.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.resolvingSymlinksInPath().path)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aFileIsReplacedWithItsPermissionsAndThroughLinks() throws {
        try withFolder { folder in
            let path = "\(folder)/a.txt"
            try AtomicFile.write(Data("old".utf8), to: path)
            #expect(chmod(path, 0o640) == 0)
            // What a killed process left.
            try Data("half".utf8).write(to: URL(fileURLWithPath: AtomicFile.temporary(of: path)))
            try AtomicFile.write(Data("new".utf8), to: path)
            #expect(try text(path) == "new")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
            symlink("a.txt", "\(folder)/link")
            try AtomicFile.write(
                Data("by link".utf8), to: "\(folder)/link", synchronising: false, followingLinks: true)
            #expect(try text(path) == "by link")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/link") == "a.txt")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.txt", "link"])
            // In a directory that somebody else may have filled the link itself is replaced.
            try AtomicFile.write(Data("instead".utf8), to: "\(folder)/link")
            #expect(try text("\(folder)/link") == "instead" && text(path) == "by link")
            #expect(FileKind(entry: "\(folder)/link") == .file)
        }
    }

    @Test func aFailedWriteLeavesTheOldFileAlone() throws {
        try withFolder { folder in
            let path = "\(folder)/directory"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(throws: SystemError(EISDIR)) { try AtomicFile.write(Data("x".utf8), to: path) }
            #expect(throws: SystemError(ENOENT)) { try AtomicFile.write(Data("x".utf8), to: "\(folder)/none/x") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["directory"])
        }
    }

    /// A limit on the size of files acts like a full disk.
    @Test func aFailedPartIsTakenBack() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-rows-\(UUID().uuidString)")
                .path
            defer { unlink(path) }
            try AtomicFile.write(Data("header\n".utf8), to: path)
            let file = try AppendedFile(path)
            try file.append(Data("1,2\n".utf8))
            var limit = rlimit(rlim_cur: 20, rlim_max: rlim_t.max)
            guard setrlimit(fileSizeLimit, &limit) == 0 else { exit(2) }
            do throws(SystemError) {
                try file.append(Data("a row that does not fit\n".utf8))
                exit(3)
            } catch { if error != SystemError(EFBIG) { exit(4) } }
            try file.append(Data("3,4\n".utf8))
            if try String(contentsOfFile: path, encoding: .utf8) != "header\n1,2\n3,4\n" { exit(5) }
        }
    }

    @Test func aLongNameHasATemporaryFileToo() throws {
        try withFolder { folder in
            let path = "\(folder)/" + String(repeating: "n", count: 255)
            try AtomicFile.write(Data("x".utf8), to: path)
            #expect(try text(path) == "x")
        }
    }

    @Test func pathsHaveTheKernelsMeaning() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/a/b", withIntermediateDirectories: true)
            symlink("a/b", "\(folder)/link")
            #expect(try AbsolutePath.resolve("\(folder)/link/../x") == "\(folder)/a/x")
            #expect(try AbsolutePath.resolve("\(folder)//link/./x/") == "\(folder)/link/x")
            #expect(try AbsolutePath.resolve("\(folder)/link/..") == "\(folder)/a")
            #expect(try AbsolutePath.resolve("/") == "/" && AbsolutePath.resolve("/../x") == "/x")
            #expect(try AbsolutePath.resolve("x") == FileManager.default.currentDirectoryPath + "/x")
            #expect(throws: AbsolutePath.Failure.empty) { try AbsolutePath.resolve("") }
            #expect(throws: AbsolutePath.Failure.unreachable(folder: "\(folder)/none/..", SystemError(ENOENT))) {
                try AbsolutePath.resolve("\(folder)/none/../x")
            }
        }
    }

    @Test func directoriesAreCreatedOrNamedAsObstacles() throws {
        try withFolder { folder in
            try Directories.create("\(folder)/a/b/c")
            try Directories.create("\(folder)/a/b/c")
            #expect(FileKind("\(folder)/a/b/c") == .directory)
            try AtomicFile.write(Data(), to: "\(folder)/file")
            symlink("none", "\(folder)/broken")
            for name in ["file", "file/x", "broken", "broken/x"] {
                #expect(throws: SystemError(ENOTDIR)) { try Directories.create("\(folder)/\(name)") }
            }
        }
    }

    @Test func aPipeIsNotWaitedFor() throws {
        try withFolder { folder in
            mkfifo("\(folder)/pipe", 0o600)
            symlink("none", "\(folder)/broken")
            #expect(FileKind("\(folder)/pipe") == .special && FileKind("\(folder)/broken") == .brokenLink)
            #expect(FileKind("\(folder)/none") == .missing)
            for name in ["pipe", "."] {
                #expect(throws: SystemError(EINVAL)) {
                    try RegularFile.contents(ofEntry: "\(folder)/\(name)", limit: 9)
                }
            }
            #expect(throws: SystemError(EINVAL)) { try RegularFile("/dev/zero", followingLinks: true).byteCount }
            try AtomicFile.write(Data("0123456789".utf8), to: "\(folder)/file")
            symlink("file", "\(folder)/link")
            #expect(FileKind(entry: "\(folder)/link") == .link && FileKind(entry: "\(folder)/broken") == .link)
            #expect(FileKind(entry: "\(folder)/file") == .file && FileKind(entry: "\(folder)/none") == .missing)
            for name in ["link", "broken"] {
                #expect(throws: SystemError(ELOOP)) { try RegularFile.contents(ofEntry: "\(folder)/\(name)", limit: 9) }
                #expect(throws: SystemError(ELOOP)) { try AppendedFile("\(folder)/\(name)") }
            }
            #expect(try RegularFile("\(folder)/link", followingLinks: true).read(4, at: 3) == Array("3456".utf8))
            #expect(try RegularFile.beginning(ofEntry: "\(folder)/file", bytes: 4) == Array("0123".utf8))
            #expect(try RegularFile.beginning(ofEntry: "\(folder)/file", bytes: 40).count == 10)
        }
    }

    /// Whole files are read within a limit, and copied in parts.
    @Test func wholeFilesAreReadWithinALimitAndCopiedInParts() throws {
        try withFolder { folder in
            let file = "\(folder)/file"
            for count in [0, 1, 1 << 20, 3 << 20 | 5] {
                let contents = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) })
                try AtomicFile.write(contents, to: file)
                #expect(try RegularFile.contents(ofEntry: file, limit: count) == contents)
                #expect(try RegularFile.contents(file, limit: .max) == contents)
                if count > 0 {
                    #expect(throws: SystemError(EFBIG)) { try RegularFile.contents(file, limit: count - 1) }
                    #expect(throws: SystemError(EFBIG)) { try RegularFile.contents(ofEntry: file, limit: count - 1) }
                }
                try AtomicFile.copy(try RegularFile(file, followingLinks: false), to: "\(folder)/copy")
                #expect(try RegularFile.contents("\(folder)/copy", limit: count) == contents)
            }
            // The system states no size for it.
            #expect(try !RegularFile.contents("/proc/self/maps", limit: 1 << 28).isEmpty)
        }
    }

    @Test func reasonsNameNoDomainsAndNoTypes() throws {
        try withFolder { folder in
            func reason(_ body: () throws -> Void) -> String {
                do { try body() } catch { return systemReason(error) }
                return "no error"
            }
            let missing = URL(fileURLWithPath: "\(folder)/none/x")
            #expect(reason { _ = try Data(contentsOf: missing) } == "No such file or directory")
            #expect(reason { _ = try Data(contentsOf: URL(fileURLWithPath: folder)) } == "Is a directory")
            #expect(reason { try Data().write(to: missing, options: .atomic) } == "No such file or directory")
            #expect(reason { throw CocoaError(.fileWriteFileExists) } == "File exists")
            #expect(reason { throw POSIXError(.ENOSPC) } == "No space left on device")
            #expect(!reason { throw CocoaError(.coderValueNotFound) }.contains("Cocoa"))
            #expect(reason { _ = try JSONDecoder().decode([Int].self, from: Data("{".utf8)) } == "it is not valid JSON")
            #expect(
                reason { _ = try JSONDecoder().decode([String: [Int]].self, from: Data("{\"a\":[\"b\"]}".utf8)) }
                    == "a value has another type than expected at 'a.[0]'")
            #expect(reason { throw SystemError(ENOSPC) } == "No space left on device")
        }
    }
}

// The C library declares the names of limits as another type.
#if canImport(Glibc)
    private var fileSizeLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_FSIZE.rawValue) }
#else
    private var fileSizeLimit: Int32 { RLIMIT_FSIZE }
#endif
