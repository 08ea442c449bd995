import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests what a repair recovers from damaged files and reports as lost.
struct RepairTests {
    static let versions = ["1.1", "2.0"]
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for version in Self.versions {
            try Self.sample().write(to: folder.file("sound-\(version).h5"), version: version)
        }
    }

    /// A checkpoint with content in every part.
    private static func sample() throws -> Checkpoint {
        var checkpoint = try Samples.whole()
        checkpoint.workers[0].learner = StateSnapshot(kind: "method", version: 1, values: ["a": .float32([1, 2])])
        checkpoint.workers[1].replay = try Samples.prioritized().workers[0].replay
        return checkpoint
    }

    private var saved: URL { folder.file("saved.h5") }

    private func repair(_ url: URL) throws(CheckpointError) -> CheckpointRepair.Outcome {
        try CheckpointRepair.repair(url, to: saved, overwriting: true)
    }

    /// Repairs the damaged file; returns `nil` if it is refused, which is permitted.
    private func repaired(_ comment: String) throws -> CheckpointRepair.Outcome? {
        do throws(CheckpointError) { return try repair(folder.file("damaged.h5")) } catch {
            #expect(error.code == .malformed || error.code == .nothingToRepair, "\(comment): \(error)")
            return nil
        }
    }

    /// Returns the part lost with a damaged dataset; `nil` if nothing can be recovered without it.
    private func part(_ path: String) -> String? {
        let names = path.split(separator: "/").map(String.init)
        switch names[0] {
        case "architecture": return nil
        case "parameters": return names[1] == "online" ? nil : "parameters/target"
        case "optimizer": return "optimizer"
        case "history": return names[1] == "agent_steps" ? "history" : path
        case "workers" where names[2] == "state": return "workers/\(names[1])"
        case "workers" where names[2] == "random": return path
        case "workers": return names[0...2].joined(separator: "/")
        case "extensions": return names[0...1].joined(separator: "/")
        default: return path
        }
    }

    /// Checks that the recovered file differs from the intact one only in what is lost and in the records of it.
    private func expectOnly(_ lost: [String], lostFrom sound: URL, _ comment: String) throws {
        let report = Verifier.verify(saved, deep: true)
        #expect(report.isValid, "\(comment): \(report.failures)")
        for difference in try CheckpointDifference.between(sound, saved) {
            let path = difference.path
            let isNamed = lost.contains { part in
                let names = part.split(separator: "/")
                // The entry in the worker's document that changes with a lost part.
                let mention = names.count == 3 ? "workers/\(names[1])/state.\(names[2])" : part
                return path == part || path.hasPrefix(part + "/") || path.hasPrefix(part + ".")
                    || path.hasPrefix(mention)
            }
            let isMark = path.hasPrefix("extensions/\(CheckpointRepair.owner)/") || path.hasPrefix("progress.stripped")
            #expect(isNamed || isMark, "\(comment): \(difference.path) \(difference.description)")
        }
        #expect(throws: Never.self, "\(comment)") { try CheckpointPolicy(contentsOf: saved) }
    }

    @Test(arguments: versions)
    func losesOnlyThePartWithADamagedDataset(_ version: String) throws {
        let sound = folder.file("sound-\(version).h5")
        let whole = try ForgedFile(reading: sound)
        let paths = whole.datasets.filter { !$0.value.bytes.isEmpty }.keys.sorted()
        #expect(paths.count > 50)
        for path in paths {
            var file = whole
            file.listedAs[path] = file.datasets[path]
            let last = try #require(file.datasets[path]).bytes.count - 1
            file.datasets[path]?.bytes[last] ^= 1
            let damaged = folder.file("damaged.h5")
            try file.write(to: damaged)
            guard let part = part(path) else {
                let error = #expect(throws: CheckpointError.self, "\(path)") { try repair(damaged) }
                #expect(error?.code == .malformed && error?.rule == 9, "\(path): \(String(describing: error))")
                continue
            }
            let outcome = try repair(damaged)
            #expect(outcome.lost.map(\.part) == [part] && outcome.lost.first?.rule == 9, "\(path): \(outcome.lost)")
            let stripped = part == "optimizer" ? "optimizer" : part.hasSuffix("/replay") ? "replay" : "training"
            #expect(outcome.stripped == [stripped], "\(path)")
            try expectOnly([part], lostFrom: sound, path)
            let mark = try Checkpoint(contentsOf: saved).extensions.first { $0.owner == CheckpointRepair.owner }
            #expect(mark?.state.values["lost"] == .uint8(Array("\(part) [R9]\n".utf8)))
            #expect(mark?.mustUnderstand == false && mark?.state.kind == "repaired" && mark?.state.version == 1)
        }
    }

    @Test func losesNothingIfTheSealIsDamaged() throws {
        let sound = folder.file("sound-2.0.h5")
        let bytes = try Data(contentsOf: sound)
        let digest = Verifier.verify(sound).digest
        for (position, isDigestKnown) in [(0, false), (25, false), (40, true), (70, true), (300, true)] {
            var damaged = bytes
            // A different digit or letter, or a nonzero byte in the padding.
            damaged[position] ^= 1
            try damaged.write(to: folder.file("damaged.h5"))
            let outcome = try repair(folder.file("damaged.h5"))
            #expect(outcome.lost.isEmpty && outcome.stripped.isEmpty)
            #expect([1, 3, 19, 20].contains(outcome.damage.first?.rule), "\(position): \(outcome.damage)")
            try expectOnly([], lostFrom: sound, "\(position)")
            let mark = try Checkpoint(contentsOf: saved).extensions.first { $0.owner == CheckpointRepair.owner }
            if isDigestKnown, position != 70 {
                #expect(mark?.state.values["sealed_sha256"] == .uint8(Array((digest ?? "").utf8)), "\(position)")
            }
        }
    }

    @Test(arguments: versions)
    func repairsLongerFilesAndMissingSignatures(_ version: String) throws {
        let sound = folder.file("sound-\(version).h5")
        let bytes = try Data(contentsOf: sound)
        let base = version == "2.0" ? 512 : 0
        for (name, damaged) in [
            ("signature", bytes.prefix(base) + Data("xxx".utf8) + bytes.dropFirst(base + 3)),
            ("signature and more", bytes.prefix(base) + Data("xxx".utf8) + bytes.dropFirst(base + 3) + Data(count: 99)),
        ] {
            try damaged.write(to: folder.file("damaged.h5"))
            #expect(try repair(folder.file("damaged.h5")).lost.isEmpty, "\(name)")
            try expectOnly([], lostFrom: sound, name)
        }
        try (bytes + Data("more".utf8)).write(to: folder.file("damaged.h5"))
        if version == "2.0" {
            #expect(try repair(folder.file("damaged.h5")).lost.isEmpty)
            try expectOnly([], lostFrom: sound, "longer")
        }
        #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
    }

    @Test(arguments: versions)
    func recoversNothingWithoutAManifest(_ version: String) throws {
        var file = try ForgedFile(reading: folder.file("sound-\(version).h5"))
        file.editManifestSecretly = { $0.replacingOccurrences(of: "float32", with: "float64") }
        try file.write(to: folder.file("damaged.h5"))
        let error = #expect(throws: CheckpointError.self) { try repair(folder.file("damaged.h5")) }
        #expect(error?.code == .malformed && error?.rule == 4)
        #expect(error?.message.contains("Nothing of") == true)
        #expect(!FileManager.default.fileExists(atPath: saved.path))
    }

    /// However much is cut off: everything recovered is correct, or nothing is recovered.
    @Test(arguments: versions)
    func repairsTruncatedFiles(_ version: String) throws {
        let sound = folder.file("sound-\(version).h5")
        let bytes = try Data(contentsOf: sound)
        var saves = 0
        for length in Array(stride(from: 0, to: bytes.count, by: 1999)) + (1...4).map({ bytes.count - $0 }) {
            try bytes.prefix(length).write(to: folder.file("damaged.h5"))
            guard let outcome = try repaired("\(length)") else { continue }
            try expectOnly(outcome.lost.map(\.part), lostFrom: sound, "\(length)")
            saves += 1
        }
        #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
    }

    /// Whichever byte is damaged: everything recovered is correct, or nothing is recovered.
    @Test(arguments: versions)
    func repairsChangedBytes(_ version: String) throws {
        let sound = folder.file("sound-\(version).h5")
        let bytes = try Data(contentsOf: sound)
        var saves = 0
        for position in stride(from: 3, to: bytes.count, by: 397) {
            var damaged = bytes
            damaged[position] ^= 0x55
            try damaged.write(to: folder.file("damaged.h5"))
            guard let outcome = try repaired("\(position)") else { continue }
            try expectOnly(outcome.lost.map(\.part), lostFrom: sound, "\(position)")
            saves += 1
        }
        #expect(saves > 50, "\(saves) saved")
    }

    @Test func refusesIntactAndMissingFiles() throws {
        let whole = #expect(throws: CheckpointError.self) { try repair(folder.file("sound-2.0.h5")) }
        #expect(whole?.code == .nothingToRepair)
        let missing = #expect(throws: CheckpointError.self) { try repair(folder.file("none.h5")) }
        #expect(missing?.code == .missing)
        try Data("not at all".utf8).write(to: folder.file("damaged.h5"))
        let foreign = #expect(throws: CheckpointError.self) { try repair(folder.file("damaged.h5")) }
        #expect(foreign?.code == .malformed && foreign?.rule == 1)
        #expect(!FileManager.default.fileExists(atPath: saved.path))
    }

    /// The file still lists the losses of an earlier repair.
    @Test func keepsTheLossesOfAnEarlierRepair() throws {
        func damage(_ source: URL, _ path: String) throws {
            var file = try ForgedFile(reading: source)
            file.listedAs[path] = file.datasets[path]
            file.datasets[path]?.bytes[0] ^= 1
            try file.write(to: folder.file("damaged.h5"))
        }
        try damage(folder.file("sound-1.1.h5"), "optimizer/state")
        _ = try repair(folder.file("damaged.h5"))
        try FileManager.default.moveItem(at: saved, to: folder.file("first.h5"))
        try damage(folder.file("first.h5"), "workers/1/replay/actions")
        #expect(try repair(folder.file("damaged.h5")).stripped == ["optimizer", "replay"])
        let marks = try Checkpoint(contentsOf: saved).extensions.filter { $0.owner == CheckpointRepair.owner }
        #expect(marks.count == 1)
        #expect(marks.first?.state.values["lost"] == .uint8(Array("optimizer [R9]\nworkers/1/replay [R9]\n".utf8)))
    }
}
