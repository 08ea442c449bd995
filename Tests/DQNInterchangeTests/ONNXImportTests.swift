import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

/// Models of several exporters, against what their own libraries compute; see `make_onnx_files.py`.
@Suite struct ONNXImportTests {
    struct Expected: Decodable {
        let observations: [[Float]]
        let values: [[Double]]
    }

    static let folder = Fixture.folder.appending(path: "onnx")

    static func policy(_ name: String, _ options: ImportOptions? = nil) throws -> ForeignPolicy {
        try ForeignPolicy(contentsOf: folder.appending(path: name), options ?? ImportOptions())
    }

    @Test func importedModelsComputeWhatTheirLibrariesDo() throws {
        let expected = try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: Self.folder.appending(path: "expected.json")))
        #expect(expected.count >= 33)
        for (name, cases) in expected.sorted(by: { $0.key < $1.key }) {
            let policy: ForeignPolicy
            do { policy = try Self.policy(name) } catch {
                Issue.record("\(name): \(error)")
                continue
            }
            #expect(policy.kind.rawValue == "onnx")
            let architecture = policy.network.architecture
            let network = try ReferenceNetwork(architecture, policy.network.parameters)
            // The library's images have their channels last.
            let isTurned = policy.network.notes.contains { $0.contains("channels last") }
            for (observation, values) in zip(cases.observations, cases.values) {
                let found = network.values(isTurned ? Self.turned(observation, architecture.input.shape) : observation)
                #expect(found.count == values.count, "\(name)")
                #expect(
                    zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) },
                    "\(name): \(found) \(values)")
            }
        }
    }

    private static func turned(_ observation: [Float], _ shape: [Int]) -> [Float] {
        let plane = shape[1] * shape[2]
        return (0..<shape[0]).flatMap { channel in (0..<plane).map { observation[$0 * shape[0] + channel] } }
    }
}
