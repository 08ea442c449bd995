import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Text renderings, compared with `Fixtures/renders`.
///
/// `DQN_RECORD_RENDERS=1` records them again; look at them before committing.
@Suite struct RenderingTests {
    /// A named state and the actions that lead there.
    struct Scene: CustomTestStringConvertible {
        let name: String
        let id: String
        let state: [Double]?
        let actions: [Int]
        var testDescription: String { name }
    }

    static let scenes = [
        Scene(name: "cartpole-balanced", id: "CartPole-v1", state: [0.4, 0, 0.03, 0], actions: [1]),
        Scene(name: "cartpole-fallen", id: "CartPole-v1", state: [-2.3, 0, -0.205, -0.8], actions: [0]),
        Scene(name: "mountaincar-valley", id: "MountainCar-v0", state: [-0.5, 0], actions: [2]),
        Scene(name: "mountaincar-goal", id: "MountainCar-v0", state: [0.46, 0.05], actions: [2]),
        Scene(name: "acrobot-hanging", id: "Acrobot-v1", state: [0.05, -0.08, 0, 0], actions: [0]),
        Scene(name: "acrobot-reached", id: "Acrobot-v1", state: [2.6, 0.4, 0.5, 0.5], actions: [2]),
        Scene(name: "catch-falling", id: "Catch-v0", state: nil, actions: [0, 0, 1, 1]),
        Scene(name: "catch-missed", id: "Catch-v0", state: nil, actions: [0, 0, 0, 0, 0, 1, 1, 1, 1]),
        Scene(name: "catch84-caught", id: "Catch84-v0", state: nil, actions: [1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ]

    @Test("A rendering equals the recorded one", arguments: scenes)
    func picture(scene: Scene) throws {
        var environment: any Environment
        if let state = scene.state {
            environment = try placed(scene.id, in: state, elapsed: 12)
        } else {
            environment = try EnvironmentRegistry.make(scene.id)
            try environment.reset(seed: 3)
        }
        for action in scene.actions { _ = try environment.step(action) }
        let picture = environment.renderANSI(columns: 60, rows: 18) + "\n"
        let path = "renders/\(scene.name).txt"
        if ProcessInfo.processInfo.environment["DQN_RECORD_RENDERS"] == "1" {
            try Data(picture.utf8).write(to: Fixtures.directory.appending(path: path))
        }
        let recorded = String(decoding: try Fixtures.data(path), as: UTF8.self)
        #expect(picture == recorded, "\(scene.name) is drawn differently now:\n\(picture)")
    }

    @Test("Every rendering has the same size, and colours end with their line", arguments: SnapshotTests.environments)
    func shape(id: String) throws {
        var environment = try EnvironmentRegistry.make(id)
        try environment.reset(seed: 1)
        var ended = false
        var sizes: Set<[Int]> = []
        for _ in 0..<20 where !ended {
            let lines = environment.renderANSI(columns: 60, rows: 18).split(
                separator: "\n", omittingEmptySubsequences: false)
            let plain = lines.map { $0.replacing(#/\u{1B}\[[\d;]+m/#, with: "") }
            sizes.insert(plain.map(\.count))
            try #require(plain.last?.count == 60 && plain.last?.hasPrefix("step ") == true, "\(id): '\(plain)'")
            for line in lines.dropLast() {
                let colours = line.matches(of: #/\u{1B}\[([\d;]+)m/#).map { $0.1 }
                try #require(colours.last == "0", "\(id)")
            }
            ended = try environment.step(1).ended
        }
        let size = try #require(sizes.first)
        #expect(sizes.count == 1 && size.count <= 18 && Set(size.dropLast()).count == 1, "\(id): \(sizes)")
    }

    @Test("Different states look different")
    func difference() throws {
        let texts = try Self.scenes.map { String(decoding: try Fixtures.data("renders/\($0.name).txt"), as: UTF8.self) }
        #expect(Set(texts).count == texts.count)
    }

    @Test("A state far outside the picture is drawn without trapping")
    func outside() throws {
        for state in [[99.0, 0, 90, 0], [-99, 99, -99, 99]] {
            let environment = try placed("CartPole-v1", in: state, elapsed: 3)
            #expect(environment.renderANSI(columns: 60, rows: 18).contains("step 3/500"))
        }
    }
}
