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

    /// Names come from files of strangers: a comparison takes memory in proportion to the product of two lengths.
    @Test func comparesNoNamesOfAnyLength() {
        let long = String(repeating: "x", count: 20_000_000)
        #expect(NearestName.suggestion(for: long, among: ["CartPole-v1", long]) == nil)
        #expect(NearestName.suggestion(for: "CartPole-v0", among: [long, "CartPole-v1"]) == "CartPole-v1")
        let many = (0..<100_000).map { "name\($0)" }
        #expect(NearestName.suggestion(for: "name1023", among: many) == "name1023")
        #expect(NearestName.suggestion(for: "nome99999", among: many) != "name99999")
        #expect(NearestName.remedy(for: "Tetris", among: many).utf8.count < 20_000)
    }
}
