import DQNEnvironments
import DQNModel
import DQNSupport
import Foundation
import PluginBuilding
import Testing

/// What the user has named is remembered privately, and only for exactly that.
@Suite struct EnvironmentMemoryTests {
    /// A memory in a folder of its own, and what it says.
    private final class Notices: @unchecked Sendable {
        private let lock = Lock()
        private var texts: [String] = []
        var all: [String] { lock.withLock { texts } }
        func add(_ text: String) { lock.withLock { texts.append(text) } }
    }

    private func memory(_ variables: [String: String], _ notices: Notices = Notices()) -> EnvironmentMemory {
        // Another function than SHA-256 does for tests.
        EnvironmentMemory(
            variables: variables,
            digest: { data in
                var hash: UInt64 = 0xcbf2_9ce4_8422_2325
                for byte in data { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
                return String(repeating: String(hash, radix: 16), count: 3)
            }
        ) { notices.add($0) }
    }

    private func make(
        _ id: String, _ word: EnvironmentTrust.Word, _ memory: EnvironmentMemory, chosen: Set<String> = []
    ) throws -> any Environment {
        var settings = GymnasiumSettings()
        settings.trust = EnvironmentTrust(word: word, memory: memory)
        settings.trust.chosenOptions = chosen
        return try EnvironmentRegistry.make(id, gymnasium: settings)
    }

    private func isRefused(_ id: String, _ memory: EnvironmentMemory, chosen: Set<String> = []) -> Bool {
        do { _ = try make(id, .none, memory, chosen: chosen) } catch let error as EnvironmentError {
            return error.code == .notAllowed
        } catch {}
        return false
    }

    /// A copy of the example plug-in.
    private func library(_ folder: PrivateFolder, _ name: String) throws -> String {
        try FileManager.default.copyItem(at: CompiledPlugin.gridWorld(), to: URL(filePath: folder(name)))
        return folder(name)
    }

    private func records(_ state: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(state)/swift-dqn/environments").sorted()
    }

    @Test func namingAllowsExactlyThatEnvironment() throws {
        let folder = try PrivateFolder()
        let state = ["XDG_STATE_HOME": folder("state")]
        let (first, other) = (try library(folder, "a.so"), try library(folder, "b.so"))
        let id = "plugin:\(first):GridWorld-v0?size=6"
        #expect(isRefused(id, memory(state)))
        // The user's word without a name allows it once.
        _ = try make(id, .given, memory(state))
        #expect(isRefused(id, memory(state)))
        _ = try make(id, .named, memory(state))
        _ = try make(id, .none, memory(state))
        // Another name of the same file.
        let link = folder("link.so")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: first)
        _ = try make("plugin:\(link):GridWorld-v0?size=6", .none, memory(state))
        #expect(isRefused("plugin:\(other):GridWorld-v0?size=6", memory(state)), "the same bytes elsewhere")
        #expect(isRefused("plugin:\(first):GridWorldPixels-v0?size=6", memory(state)))
        #expect(isRefused("plugin:\(first):GridWorld-v0?size=7", memory(state)))
        #expect(isRefused("plugin:\(first):GridWorld-v0", memory(state)))
        // An option that the user sets is the user's word.
        _ = try make("plugin:\(first):GridWorld-v0?size=7", .none, memory(state), chosen: ["size"])
        #expect(isRefused("plugin:\(first):GridWorld-v0?size=7,slip=0.5", memory(state), chosen: ["size"]))
        for id in ["gym:CartPole-v1?x=1", "gym:CartPole-v1?wrapper=json.X"] {
            #expect(isRefused(id, memory(state)))
            #expect(!isRefused(id, memory(state), chosen: ["x", "wrapper"]))
        }
    }

    @Test func anIdWithoutTheNameIsTheSameAsWithIt() throws {
        let folder = try PrivateFolder()
        let state = ["XDG_STATE_HOME": folder("state")]
        let library = folder("coin.so")
        try FileManager.default.copyItem(at: CompiledPlugin.documented(), to: URL(filePath: library))
        _ = try make("plugin:\(library)", .named, memory(state))
        _ = try make("plugin:\(library):Coin-v0", .none, memory(state))
    }

    @Test func aMissingLibraryThatTheUserHasNamedIsMissing() throws {
        let folder = try PrivateFolder()
        let state = ["XDG_STATE_HOME": folder("state")]
        let path = try library(folder, "gone.so")
        _ = try make("plugin:\(path):GridWorld-v0", .named, memory(state))
        try FileManager.default.removeItem(atPath: path)
        #expect { try make("plugin:\(path):GridWorld-v0", .none, memory(state)) } throws: {
            ($0 as? EnvironmentError)?.code == .pluginNotFound
        }
        #expect(isRefused("plugin:\(folder("never.so")):GridWorld-v0", memory(state)))
    }

    @Test func theMemoryIsPrivateAndFollowsNoLinks() throws {
        let folder = try PrivateFolder()
        let state = folder("state")
        let id = "plugin:\(try library(folder, "a.so")):GridWorld-v0"
        _ = try make(id, .named, memory(["XDG_STATE_HOME": state]))
        for (path, mode) in [("", 0o700), ("/swift-dqn", 0o700), ("/swift-dqn/environments", 0o700)] {
            #expect(try permissions(state + path) == mode, "\(path)")
        }
        let name = try #require(records(state).first)
        let record = "\(state)/swift-dqn/environments/\(name)"
        #expect(try permissions(record) == 0o600)
        func refuses(_ words: String) throws {
            let notices = Notices()
            #expect(isRefused(id, memory(["XDG_STATE_HOME": state], notices)), "\(words)")
            #expect(notices.all.count == 1 && notices.all.first?.contains(words) == true, "\(words): \(notices.all)")
        }
        // Others can write it.
        chmod(record, 0o622)
        try refuses("others may write to it")
        chmod(record, 0o600)
        let contents = try Data(contentsOf: URL(filePath: record))
        for (damaged, words) in [
            (Data("nonsense".utf8), "malformed"), (Data(), "malformed"), (contents.dropLast(9), "malf"),
        ] {
            try damaged.write(to: URL(filePath: record))
            chmod(record, 0o600)
            try refuses(words)
        }
        try Data(count: (4 << 20) + 1).write(to: URL(filePath: record))
        try refuses("too large")
        // A link to the right contents.
        try contents.write(to: URL(filePath: folder("elsewhere")))
        chmod(folder("elsewhere"), 0o600)
        try FileManager.default.removeItem(atPath: record)
        try FileManager.default.createSymbolicLink(atPath: record, withDestinationPath: folder("elsewhere"))
        try refuses("symbolic link")
        try FileManager.default.removeItem(atPath: record)
        #expect(mkfifo(record, 0o600) == 0)
        try refuses("of another kind")
        try FileManager.default.removeItem(atPath: record)
        try contents.write(to: URL(filePath: record))
        chmod(record, 0o600)
        _ = try make(id, .none, memory(["XDG_STATE_HOME": state]))
        chmod("\(state)/swift-dqn/environments", 0o777)
        try refuses("others may write to it")
        // And a link in place of the folder, also when the user names it.
        try FileManager.default.moveItem(atPath: "\(state)/swift-dqn", toPath: folder("moved"))
        try FileManager.default.createSymbolicLink(atPath: "\(state)/swift-dqn", withDestinationPath: folder("moved"))
        try refuses("symbolic link")
        let notices = Notices()
        _ = try make(id, .named, memory(["XDG_STATE_HOME": state], notices))
        #expect(notices.all.first?.contains("symbolic link") == true, "\(notices.all)")
    }

    @Test func namingMendsADamagedRecord() throws {
        let folder = try PrivateFolder()
        let state = folder("state")
        let id = "plugin:\(try library(folder, "a.so")):GridWorld-v0"
        _ = try make(id, .named, memory(["XDG_STATE_HOME": state]))
        let record = "\(state)/swift-dqn/environments/\(try #require(records(state).first))"
        try Data("{".utf8).write(to: URL(filePath: record))
        _ = try make(id, .named, memory(["XDG_STATE_HOME": state]))
        _ = try make(id, .none, memory(["XDG_STATE_HOME": state]))
    }

    @Test func withoutAHomeNothingIsRemembered() throws {
        let folder = try PrivateFolder()
        let id = "plugin:\(try library(folder, "a.so")):GridWorld-v0"
        for variables in [[:], ["HOME": ""], ["XDG_STATE_HOME": "relative"], ["HOME": "relative"]] {
            let notices = Notices()
            _ = try make(id, .named, memory(variables, notices))
            #expect(notices.all.count == 1 && notices.all[0].contains("HOME"), "\(notices.all)")
            #expect(isRefused(id, memory(variables, notices)))
        }
        _ = try make(id, .named, memory(["HOME": folder("home")]))
        #expect(try records(folder("home/.local/state")).count == 1)
        _ = try make(id, .none, memory(["HOME": folder("home"), "XDG_STATE_HOME": "relative"]))
        #expect(isRefused(id, memory(["HOME": folder("other")])))
        #expect(!FileManager.default.fileExists(atPath: folder("other")), "reading creates nothing")
    }

    @Test func severalProcessesMayRememberAtOnce() throws {
        let folder = try PrivateFolder()
        let state = folder("state")
        let path = try library(folder, "a.so")
        DispatchQueue.concurrentPerform(iterations: 24) { index in
            let memory = memory(["XDG_STATE_HOME": state])
            _ = try? make("plugin:\(path):GridWorld-v0?size=\(5 + index % 6)", .named, memory)
        }
        for size in 5..<11 {
            _ = try make("plugin:\(path):GridWorld-v0?size=\(size)", .none, memory(["XDG_STATE_HOME": state]))
        }
        #expect(try records(state).count == 6, "no unfinished file is left")
    }

    @Test func theDirectoryKeepsTheNewestFiles() throws {
        let folder = try PrivateFolder()
        let directory = try PrivateDirectory(below: folder("base"), ["a"], creating: true)
        for index in 0..<6 {
            try directory.write(Data("\(index)".utf8), to: "\(index)")
            var times = [timespec(tv_sec: 1000 + index, tv_nsec: 0), timespec(tv_sec: 1000 + index, tv_nsec: 0)]
            utimensat(AT_FDCWD, folder("base/a/\(index)"), &times, 0)
        }
        try Data().write(to: URL(filePath: folder("base/a/.new-1")))
        var old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, folder("base/a/.new-1"), &old, 0)
        directory.prune(keeping: 4)
        #expect(directory.names() == ["5", "4", "3", "2"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("base/a")).count == 4)
        #expect(try directory.read("5", limit: 10) == Data("5".utf8))
        #expect(try directory.read("0", limit: 10) == nil)
        #expect(throws: PrivateDirectory.Failure.tooLarge) { try directory.read("5", limit: 0) }
    }

    private func permissions(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return try #require(value as? Int)
    }
}

/// A folder that is removed at the end of a test.
final class PrivateFolder: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "dqn-trust-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> String { url.appending(path: name).path }
}
