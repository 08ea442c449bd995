import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// Tests of files that each break one rule of `docs/format.md` and are otherwise consistent.
struct RuleTests {
    let folder: TemporaryFolder
    let sound: URL

    init() throws {
        folder = try TemporaryFolder()
        sound = folder.file("sound.h5")
        try Samples.whole().write(to: sound)
        for version in FormatVersion.known {
            try Samples.whole().write(to: folder.file("sound-\(version).h5"), version: version)
        }
    }

    /// Returns the number of the rule that a forged file breaks, which is the same in every version; 0 for none.
    func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? {
        let rules = try FormatVersion.known.map { try rule(of: "sound-\($0).h5", change) }
        #expect(Set(rules).count == 1, "\(FormatVersion.known): \(rules)")
        return rules.last ?? nil
    }

    /// Returns the number of the rule that a changed copy of a valid file breaks; 0 for none.
    func rule(of name: String, _ change: (inout ForgedFile) -> Void) throws -> Int? {
        var file = try ForgedFile(reading: folder.file(name))
        change(&file)
        let url = folder.file("forged.h5")
        try file.write(to: url)
        let report = Verifier.verify(url, deep: true)
        guard let failure = report.failure else { return 0 }
        #expect(!report.isValid)
        // Verifying and loading agree, except that loading a sealed file does not compare digests of datasets.
        if failure.rule == 9, file.isSealed { return 9 }
        let loading = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(loading?.rule == failure.rule)
        return failure.rule
    }

    @Test func unchangedForgedFilesAreValid() throws { #expect(try rule { _ in } == 0) }

    @Test func rule1NotAnHDF5File() throws {
        func verify(_ data: Data) throws -> CheckpointError? {
            try data.write(to: folder.file("x.h5"))
            return Verifier.verify(folder.file("x.h5")).failure
        }
        let whole = try Data(contentsOf: sound)
        for data in [Data(), Data("not at all".utf8), whole.dropFirst(8), whole.prefix(16)] {
            let error = try verify(data)
            #expect(error?.rule == 1)
            #expect(error?.code == .malformed)
        }
        // A truncated file is never accepted.
        for length in stride(from: 0, to: whole.count, by: 211) {
            #expect(try verify(whole.prefix(length)) != nil, "cut to \(length) bytes of \(whole.count)")
        }
    }

    @Test func refusesMissingFilesAndDirectories() throws {
        let missing = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: folder.file("none.h5")) }
        #expect(missing?.code == .missing)
        #expect(missing?.message.contains("none.h5") == true)
        #expect(Verifier.verify(folder.url).failure?.code == .missing)
    }

    @Test func rule2RootAttributes() throws {
        #expect(try rule { $0.attributes["format"] = .string("another format") } == 2)
        #expect(try rule { $0.attributes["format"] = .int64(1) } == 2)
        #expect(try rule { $0.attributes["format"] = nil } == 2)
        #expect(try rule { $0.attributes["writer"] = nil } == 2)
        #expect(try rule { $0.attributes["note"] = .string("one more") } == 2)
        #expect(try rule { $0.attributes["agent_steps"] = .string("50000") } == 2)
        #expect(try rule { $0.attributes["agent_steps"] = .uint64(50_000) } == 2)
        #expect(try rule { $0.otherAttributes["writer"] = .string("somebody else") } == 2)
        #expect(try rule { $0.otherAttributes["agent_steps"] = .int64(50_001) } == 2)
        #expect(try rule { $0.otherAttributes["manifest_sha256"] = HDF5.AttributeValue?.none } == 2)
    }

    @Test func rule3Versions() throws {
        for version in ["1.2", "9.9", "2.2", "10.0"] {
            #expect(try rule { $0.attributes["format_version"] = .string(version) } == 3, "'\(version)'")
        }
        // A seal without a valid version is invalid.
        for version in ["1", "", "1.0.0", "10"] {
            let change: (inout ForgedFile) -> Void = { $0.attributes["format_version"] = .string(version) }
            #expect(try rule(of: "sound-2.0.h5", change) == 19, "'\(version)'")
            #expect(try rule(of: "sound-1.1.h5", change) == 3, "'\(version)'")
        }
        let error = Verifier.verify(folder.file("forged.h5")).failure
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.message.contains("version 10;") == true)
        #expect(error?.message.contains("Update") == true)
        // A later version may differ in everything else.
        #expect(
            try rule {
                $0.attributes["format_version"] = .string("3.0")
                $0.otherAttributes["manifest_sha256"] = HDF5.AttributeValue?.none
                $0.editManifestSecretly = { _ in "" }
            } == 3)
    }

    @Test func rule4ManifestDigest() throws {
        #expect(try rule { $0.editManifestSecretly = { $0 + " " } } == 4)
        #expect(try rule { $0.editManifestSecretly = { _ in "" } } == 4)
        #expect(try rule { $0.otherAttributes["manifest_sha256"] = .string(String(repeating: "0", count: 64)) } == 4)
        #expect(try rule { $0.otherAttributes["manifest_sha256"] = .string("") } == 4)
    }

    @Test func rule5ManifestContent() throws {
        #expect(try rule { $0.editManifest = { _ in "{}" } } == 5)
        #expect(try rule { $0.editManifest = { _ in "[1, 2" } } == 5)
        #expect(try rule { $0.editManifest = { $0.replacingOccurrences(of: "\"uint8\"", with: "\"int8\"") } } == 5)
        // Listed twice.
        #expect(
            try rule {
                $0.editManifest = { text in
                    let start = text.range(of: "{\"path\":\"architecture\"")
                    let end = text.range(of: ",{\"path\":\"configuration\"")
                    guard let start, let end else { return "" }
                    let entry = text[start.lowerBound..<end.lowerBound]
                    return text.replacingOccurrences(of: entry, with: "\(entry),\(entry)")
                }
            } == 5)
        for path in ["../x", "a//b", "/a", "a/", "ä", "", "a b", String(repeating: "a/", count: 30) + "a"] {
            #expect(
                try rule { $0.listedAs[path] = .init(type: .uint8, shape: [0], bytes: []) } == 5, "'\(path)'")
        }
    }

    @Test func rule6Objects() throws {
        #expect(try rule { $0.groupAttributes = ["workers"] } == 6)
        #expect(try rule { $0.groupAttributes = ["parameters/online/layers/0"] } == 6)
    }

    @Test func rule7CompleteManifest() throws {
        #expect(
            try rule {
                $0.set("parameters/online/extra", [Float(1)])
                $0.unlisted = ["parameters/online/extra"]
            } == 7)
        #expect(try rule { $0.unlisted = ["parameters/online/head/bias"] } == 7)
        #expect(try rule { $0.listedAs["workers/0/more"] = .init(type: .uint8, shape: [0], bytes: []) } == 7)
        #expect(try rule { $0.emptyGroups = ["more"] } == 7)
        #expect(try rule { $0.emptyGroups = ["workers/0/more/and/more"] } == 7)
        #expect(try rule { $0.set("somewhere/else", [Float(1)]) } == 7)
        #expect(try rule { $0.set("else", [Float(1)]) } == 7)
    }

    @Test func rule8TypesShapesAndStorage() throws {
        let path = "parameters/online/layers/0/bias"
        let bytes = [UInt8](repeating: 0, count: 20)
        // No other rule restricts its type and length; the file contains two float32.
        let free = "extensions/org.example.trainer/state/a"
        for (type, shape) in [(HDF5.ElementType.int64, [1]), (.uint8, [8]), (.float32, [1]), (.float32, [3])] {
            #expect(
                try rule { $0.listedAs[free] = .init(type: type, shape: shape, bytes: bytes) } == 8, "\(type) \(shape)")
        }
        for shape in [[-1], [1 << 40, 1 << 40], [.max, 2], [0, .max, .max], [1 << 40], [-5, -1]] {
            #expect(
                try rule { $0.listedAs[path] = .init(type: .float32, shape: shape, bytes: bytes) } == 8, "\(shape)")
        }
        #expect(try rule { $0.datasets[path]?.layout = .chunked([5]) } == 8)
        #expect(try rule { $0.datasets[path]?.layout = .chunked([2], filters: [.deflate(level: 1)]) } == 8)
    }

    @Test func rule9DatasetDigests() throws {
        let paths = try ForgedFile(reading: sound).datasets.filter { !$0.value.bytes.isEmpty }.keys.sorted()
        #expect(paths.count > 40)
        for path in paths {
            let broken = try rule { file in
                file.listedAs[path] = file.datasets[path]
                file.datasets[path]?.bytes[0] ^= 1
            }
            #expect(broken == 9, "\(path)")
        }
    }

    @Test func rule10Documents() throws {
        for text in ["", "{", "[]", "null", "\"text\"", "\u{FEFF}{}x"] {
            #expect(try rule { $0.set("configuration", text: text) } == 10, "'\(text)'")
            #expect(try rule { $0.set("architecture", text: text) } == 10, "'\(text)'")
            #expect(try rule { $0.set("progress", text: text) } == 10, "'\(text)'")
        }
        for path in ["configuration", "architecture", "progress", "workers/0/state", "optimizer/state"] {
            #expect(try rule { file in file.set(path, text: "\u{FEFF}" + file.text(path)) } == 10, "\(path)")
        }
        #expect(try rule { $0.editManifest = { "\u{FEFF}" + $0 } } == 5)
        #expect(try rule { $0.datasets["configuration"] = nil } == 10)
        #expect(try rule { $0.set("configuration", [Float(1)]) } == 10)
        #expect(try rule { $0.replace("architecture", "\"units\":5", with: "\"units\":-5") } == 10)
        #expect(try rule { $0.replace("architecture", "\"units\":5", with: "\"units\":99999999999") } == 10)
        #expect(try rule { $0.replace("architecture", "\"units\":5", with: "\"units\":5.5") } == 10)
        // Each extent is valid, but their product overflows.
        let huge = "\"shape\":[16777216,16777216,16777216,16777216]"
        #expect(try rule { $0.replace("architecture", "\"shape\":[4]", with: huge) } == 10)
        let convolution = "{\"type\":\"convolution\",\"outputs\":16777216,\"kernel\":1,\"stride\":1}"
        #expect(
            try rule { file in
                file.replace("architecture", "\"shape\":[4]", with: "\"shape\":[1,16384,16384]")
                file.replace(
                    "architecture", "{\"type\":\"dense\",\"units\":5}", with: "\(convolution),\(convolution)")
            } == 10)
        for depth in [600, 100_000] {
            let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(try rule { $0.set("configuration", text: "{\"a\":\(nested)}") } == 10)
        }
        #expect(try rule { $0.replace("architecture", "\"dense\"", with: "\"sparse\"") } == 10)
        #expect(try rule { $0.replace("progress", "\"episodes\":311", with: "\"episodes\":-311") } == 10)
        #expect(
            try rule {
                $0.replace("progress", "\"agent_steps\":50000,\"episodes\"", with: "\"agent_steps\":1,\"episodes\"")
            } == 10)
        #expect(try rule { $0.replace("progress", "\"stripped\":[]", with: "\"stripped\":[\"all\"]") } == 10)
    }

    @Test func rule11Parameters() throws {
        #expect(try rule { $0.datasets["parameters/online/head/bias"] = nil } == 11)
        #expect(try rule { $0.datasets["parameters/target/layers/0/weight"] = nil } == 11)
        #expect(try rule { $0.set("parameters/online/head/gain", [Float(1)]) } == 11)
        #expect(try rule { $0.set("parameters/average/head/bias", [Float(1)]) } == 11)
        #expect(try rule { $0.set("parameters/online/head/bias", [Float(1), 2, 3]) } == 11)
        #expect(try rule { $0.set("parameters/online/head/bias", [Float(1), 2], shape: [2, 1]) } == 11)
        #expect(try rule { $0.set("parameters/online/head/bias", [Double(1), 2]) } == 11)
        for bad in [Float.nan, .infinity, -.infinity] {
            #expect(try rule { $0.set("parameters/online/head/bias", [1, bad]) } == 11)
            let error = Verifier.verify(folder.file("forged.h5")).failure
            #expect(error?.message.contains("parameters/online/head/bias") == true)
            #expect(error?.message.contains("element 1") == true)
            #expect(throws: CheckpointError.self) { try CheckpointPolicy(contentsOf: folder.file("forged.h5")) }
        }
    }

    @Test func rule12Optimizer() throws {
        #expect(try rule { $0.datasets["optimizer/slots/first_moment/head/bias"] = nil } == 12)
        #expect(try rule { $0.set("optimizer/slots/first_moment/head/bias", [Float.nan, 0]) } == 12)
        #expect(try rule { $0.set("optimizer/more", [Float(1)]) } == 12)
        #expect(try rule { $0.replace("optimizer/state", "\"step_count\":24500", with: "\"step_count\":-1") } == 12)
    }

    @Test func rule13History() throws {
        #expect(try rule { $0.set("history/agent_steps", [Int64(2000), 1000]) } == 13)
        #expect(try rule { $0.set("history/agent_steps", [Int64(1000), 1000]) } == 13)
        #expect(try rule { $0.set("history/agent_steps", [Int32(1000), 2000]) } == 13)
        #expect(try rule { $0.set("history/columns/train/loss", [Double(1)]) } == 13)
        #expect(try rule { $0.set("history/columns/train/loss", [Float(1), 2]) } == 13)
        #expect(try rule { $0.set("history/loss", [Double(1), 2]) } == 13)
    }
}
