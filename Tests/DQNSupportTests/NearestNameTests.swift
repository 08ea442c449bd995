import DQNSupport
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("CartPole-v0", "CartPole-v1"), ("cartpole-v1", "CartPole-v1"), ("Acrobto-v1", "Acrobot-v1"),
    ])
    func suggestsTheNearestName(name: String, meant: String) {
        #expect(NearestName.suggestion(for: name, among: ["CartPole-v1", "Acrobot-v1", "MountainCar-v0"]) == meant)
    }

    @Test func suggestsNothingForAnUnrelatedName() {
        #expect(NearestName.suggestion(for: "Tetris", among: ["CartPole-v1", "Acrobot-v1"]) == nil)
        #expect(NearestName.remedy(for: "Tetris", among: ["b", "a"]) == "choose from a, b.")
    }
}
