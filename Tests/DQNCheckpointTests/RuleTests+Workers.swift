import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// The rules of workers, replays and extensions.
extension RuleTests {
    @Test func rule14Workers() throws {
        #expect(
            try rule { file in
                for (path, dataset) in file.datasets where path.hasPrefix("workers/1/") {
                    file.datasets[path] = nil
                    file.datasets["workers/2/" + path.dropFirst(10)] = dataset
                }
            } == 14)
        #expect(try rule { $0.set("workers/0/more", [Float(1)]) } == 14)
        #expect(try rule { $0.set("workers/0/random/sampling", [UInt64](repeating: 0, count: 4)) } == 14)
        #expect(try rule { $0.set("workers/0/random/sampling", [UInt64](repeating: 1, count: 3)) } == 14)
        #expect(try rule { $0.set("workers/0/random/sampling", [Int64](repeating: 1, count: 4)) } == 14)
        #expect(try rule { $0.set("workers/0/observation", [Float](repeating: 1, count: 5)) } == 14)
        #expect(try rule { $0.set("workers/0/observation", [UInt8](repeating: 1, count: 4)) } == 14)
        #expect(try rule { $0.set("workers/0/environment/steps", [Int32(1)]) } == 14)
        #expect(
            try rule { $0.replace("workers/0/state", "\"recent_lengths\":[9,", with: "\"recent_lengths\":[") } == 14)
        #expect(
            try rule { $0.replace("workers/0/state", "\"episode_length\":17", with: "\"episode_length\":-17") } == 14)
        #expect(
            try rule {
                $0.replace("workers/0/state", "\"environment\":{\"kind\":\"CartPole-v1\",\"version\":1},", with: "")
            } == 14)
    }

    @Test func rule15Replay() throws {
        let path = "workers/0/replay"
        let state = "workers/0/state"
        #expect(try rule { $0.replace(state, "\"cursor\":36", with: "\"cursor\":37") } == 15)
        #expect(try rule { $0.replace(state, "\"cursor\":36", with: "\"cursor\":35") } == 15)
        #expect(try rule { $0.replace(state, "\"cursor\":36", with: "\"cursor\":-1") } == 15)
        #expect(try rule { $0.replace(state, "\"count\":37", with: "\"count\":0") } == 15)
        #expect(try rule { $0.replace(state, "\"capacity\":100", with: "\"capacity\":36") } == 15)
        #expect(try rule { $0.replace(state, "\"chunk_length\":16", with: "\"chunk_length\":0") } == 15)
        #expect(try rule { $0.replace(state, "\"chunk_length\":16", with: "\"chunk_length\":1000000000") } == 15)
        #expect(try rule { $0.replace(state, "\"count\":37,\"cursor\":36", with: "\"count\":36,\"cursor\":35") } == 15)
        for column in ["frames", "actions", "rewards", "flags"] {
            #expect(try rule { $0.datasets["\(path)/\(column)"] = nil } == 15, "\(column)")
        }
        #expect(try rule { $0.set("\(path)/org.example.more", [Float(1)]) } == 15)
        #expect(try rule { $0.datasets["\(path)/flags"]?.bytes[3] = 16 } == 15)
        #expect(try rule { $0.datasets["\(path)/flags"]?.bytes[36] = 1 } == 15)
        #expect(try rule { $0.datasets["\(path)/actions"]?.bytes[0] = 2 } == 15)
        #expect(try rule { $0.datasets["\(path)/actions"]?.bytes[4 * 36] = 0 } == 15)
        #expect(try rule { $0.set("\(path)/rewards", [Double](repeating: 0, count: 37)) } == 15)
    }

    @Test func rule16Extensions() throws {
        let descriptor = "extensions/org.example.trainer/descriptor"
        #expect(try rule { $0.replace(descriptor, "org.example.trainer", with: "org.example.other") } == 16)
        #expect(try rule { $0.set("extensions/org.example.trainer/more", [Float(1)]) } == 16)
        #expect(try rule { $0.set("extensions/org.example.trainer/state/x/y", [Float(1)]) } == 16)
        #expect(try rule { $0.set("extensions/org.example.trainer/state/x", [Int32(1)]) } == 16)
    }

    /// Such a file is valid, but not for a reader that does not support the owner.
    @Test func refusesRequiredExtensions() throws {
        var checkpoint = try Samples.whole()
        checkpoint.extensions[0].mustUnderstand = true
        let url = folder.file("strange.h5")
        try checkpoint.write(to: url)
        #expect(Verifier.verify(url).isValid)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(error?.code == .unknownExtension)
        #expect(error?.message.contains("org.example.trainer") == true)
        let policy = #expect(throws: CheckpointError.self) { try CheckpointPolicy(contentsOf: url) }
        #expect(policy?.code == .unknownExtension)
        #expect(
            try Checkpoint(contentsOf: url, understanding: ["org.example.trainer"]).extensions == checkpoint.extensions)
        #expect(try CheckpointPolicy(contentsOf: url, understanding: ["org.example.trainer"]).agentSteps == 50_000)
    }
}
