import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests that a file's sizes are bounded before work is done on them, and that the writer keeps to the same bounds.
struct BoundsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A valid file, changed.
    private func forged(_ change: (inout ForgedFile) throws -> Void) throws -> URL {
        let sound = folder.file("sound.h5")
        try Samples.whole().write(to: sound, overwriting: true)
        var file = try ForgedFile(reading: sound)
        try change(&file)
        let url = folder.file("forged.h5")
        try file.write(to: url)
        return url
    }

    private func expectRefusal(_ url: URL, rule: Int, _ part: String) {
        let failure = Verifier.verify(url).failure
        #expect(failure?.rule == rule && failure?.message.contains(part) == true, "\(String(describing: failure))")
        #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(throws: CheckpointError.self) { try CheckpointSummary(contentsOf: url) }
    }

    /// Returns the error of writing a changed sample.
    private func writing(_ change: (inout Checkpoint) throws -> Void) throws -> CheckpointError? {
        var checkpoint = try Samples.whole()
        try change(&checkpoint)
        do throws(CheckpointError) {
            try checkpoint.write(to: folder.file("written.h5"), overwriting: true)
            return nil
        } catch { return error }
    }

    // MARK: Documents

    @Test func boundsTheBytesOfDocuments() throws {
        let long = String(repeating: "x", count: 16 << 20)
        for path in ["configuration", "architecture"] {
            let url = try forged { $0.replace(path, "{", with: "{\"note\":\"\(long)\",") }
            expectRefusal(url, rule: 10, "/\(path) is a document of")
        }
        let shorter = String(repeating: "x", count: 4 << 20)
        for path in ["progress", "workers/1/state", "extensions/org.example.trainer/descriptor"] {
            let url = try forged { $0.replace(path, "{", with: "{\"note\":\"\(shorter)\",") }
            expectRefusal(url, rule: 10, "/\(path) is a document of")
        }
        let kept = try forged { $0.replace("configuration", "{", with: "{\"note\":\"\(shorter)\",") }
        #expect(Verifier.verify(kept).isValid)
        let written = try writing { $0.configuration = .object(["note": .string(long)]) }
        #expect(
            written?.code == .invalidState && written?.message.contains("16 MiB") == true,
            "\(String(describing: written))")
        #expect(try writing { $0.extensions[0].state.kind = shorter }?.message.contains("4 MiB") == true)
    }

    @Test func boundsTheValuesOfDocuments() throws {
        let values = String(repeating: "[],", count: 1 << 20) + "[]"
        let url = try forged { $0.replace("configuration", "{", with: "{\"note\":[\(values)],") }
        expectRefusal(url, rule: 10, "it has more than 1048576 values")
        let fewer = String(repeating: "0,", count: 1 << 17) + "0"
        let state = try forged { $0.replace("workers/0/state", "{", with: "{\"note\":[\(fewer)],") }
        expectRefusal(state, rule: 10, "it has more than 131072 values")
        let statistics = try writing { checkpoint in
            for index in 0...(1 << 17) { checkpoint.statistics["s\(index)"] = 0 }
        }
        #expect(statistics?.code == .invalidState && statistics?.message.contains("/progress") == true)
    }

    @Test func boundsTheKeysOfAConfiguration() throws {
        func keys(_ count: Int) -> JSONValue {
            .object(Dictionary(uniqueKeysWithValues: (0..<count).map { ("k\($0)", JSONValue.null) }))
        }
        #expect(try writing { $0.configuration = keys(4096) } == nil)
        #expect(try writing { $0.configuration = keys(4097) }?.message.contains("4097 keys") == true)
        let long = String(repeating: "k", count: 1025)
        #expect(try writing { $0.configuration = .object([long: .null]) }?.code == .invalidState)
        expectRefusal(try forged { $0.replace("configuration", "{", with: "{\"\(long)\":0,") }, rule: 10, "1024 bytes")
    }

    @Test func boundsAllDocumentsTogether() throws {
        let text = String(repeating: "x", count: (4 << 20) - 400)
        let url = try forged { file in
            for index in 0..<17 {
                let owner = "org.long\(index)"
                file.set(
                    "extensions/\(owner)/descriptor",
                    text: "{\"kind\":\"\(text)\",\"must_understand\":false,\"owner\":\"\(owner)\",\"version\":1}")
            }
        }
        expectRefusal(url, rule: 10, "documents of more than 64 MiB")
        let written = try writing { checkpoint in
            for index in 0..<17 {
                checkpoint.extensions.append(
                    ExtensionGroup(
                        owner: "org.long\(index)", mustUnderstand: false,
                        state: StateSnapshot(kind: text, version: 1, values: [:])))
            }
        }
        #expect(written?.code == .invalidState && written?.message.contains("64 MiB") == true)
    }

    // MARK: Networks

    @Test func boundsTheLayersBeforeDecodingThem() throws {
        let layers = String(repeating: "{\"type\":\"layer_norm\"},", count: 5000) + "{\"type\":\"layer_norm\"}"
        let url = try forged { $0.replace("architecture", "\"layers\":[", with: "\"layers\":[\(layers),") }
        expectRefusal(url, rule: 10, "5003 layers; at most 4096")
        let streams = try forged {
            $0.replace(
                "architecture", "\"type\":\"action_values\"",
                with: "\"type\":\"dueling\",\"value_layers\":[\(layers)],\"advantage_layers\":[]")
        }
        expectRefusal(streams, rule: 10, "5001 layers; at most 4096")
    }

    @Test func boundsTheWorkOfANetwork() throws {
        let input = ObservationSpace(shape: [64, 500, 500], element: .uint8)
        let wide = NetworkArchitecture.Pooling(kernel: .init(499), stride: .init(1), padding: .init(249))
        let error = #expect(throws: ModelError.self) {
            try NetworkArchitecture(
                input: input, layers: [.init(.averagePooling(wide), activation: .identity)],
                head: .actionValues(actions: 2))
        }
        #expect(error?.message.contains("multiplications") == true)
        let large = ObservationSpace(shape: [1 << 10, 1 << 9, 1 << 9], element: .uint8)
        #expect(throws: ModelError.self) {
            try NetworkArchitecture(input: large, layers: [], head: .actionValues(actions: 2))
        }
    }

    // MARK: Manifest and lists

    @Test func boundsTheManifest() throws {
        let numbers = String(repeating: "[1],", count: 2 << 20) + "[1]"
        let values = try forged {
            $0.editManifest = { $0.replacingOccurrences(of: "{\"attr", with: "{\"note\":[\(numbers)],\"attr") }
        }
        expectRefusal(values, rule: 5, "it has more than 4194304 values")
        let axes = try forged { file in
            let path = "parameters/online/head/bias"
            var listed = file.datasets[path]
            listed?.shape = [Int](repeating: 1, count: 1000) + [2]
            file.listedAs[path] = listed
        }
        expectRefusal(axes, rule: 8, "1001 extents")
    }

    @Test func refusesToWriteWhatAReaderRefuses() throws {
        let worker = WorkerState(
            generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0, recentReturns: [],
            recentLengths: [], replay: nil, status: .finished)
        let workers = try writing { $0.workers = Array(repeating: worker, count: 4097) }
        #expect(workers?.code == .invalidState && workers?.message.contains("4097 workers") == true)
        let deep = try writing { checkpoint in
            let name = Array(repeating: "a", count: 15).joined(separator: "/")
            checkpoint.history.columns[name] = checkpoint.history.agentSteps.map { _ in 0 }
        }
        #expect(deep?.code == .invalidState && deep?.message.contains("17 parts") == true)
        let names = try writing { checkpoint in
            for index in 0..<30_000 { checkpoint.extensions[0].state.values["array-number-\(index)"] = .uint8([]) }
        }
        #expect(names?.code == .invalidState && names?.message.contains("480 KiB") == true)
        let chunks = try writing { $0.workers[0].replay?.chunkLength = 1 << 29 }
        #expect(chunks?.code == .invalidState && chunks?.message.contains("256 MiB") == true)
    }

    /// What is within the bounds can be read again, whatever the number of groups.
    @Test func readsThousandsOfGroups() throws {
        let written = try writing { checkpoint in
            for index in 0..<3000 {
                checkpoint.extensions.append(
                    ExtensionGroup(
                        owner: "org.group\(index)", mustUnderstand: false,
                        state: StateSnapshot(kind: "own", version: 1, values: ["a": .uint8([1])])))
            }
        }
        #expect(written == nil)
        let url = folder.file("written.h5")
        #expect(Verifier.verify(url).isValid)
        #expect(try Checkpoint(contentsOf: url).extensions.count == 3001)
    }
}
