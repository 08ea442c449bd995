import DQNInterchange
import DQNModel
import Foundation
import Testing

/// The files of `Fixtures/interchange/names`: networks under the names that people and libraries give to their weights.
@Suite struct NamedFileTests {
    struct Case: Decodable {
        let observations: [[Float]]?
        let values: [[Double]]?
        let words: String?
        let map: [String]
        let activation: String?
    }

    private static let folder = Fixture.folder.appending(path: "names")
    static let cases: [String: Case] = {
        let data = try? Data(contentsOf: folder.appending(path: "expected.json"))
        return data.flatMap { try? JSONDecoder().decode([String: Case].self, from: $0) } ?? [:]
    }()

    @Test(arguments: cases.keys.sorted())
    func networksComputeWhatTheirLibrariesDo(name: String) throws {
        let expected = try #require(Self.cases[name])
        let options = try ImportOptions(
            activation: expected.activation.flatMap { NetworkArchitecture.Activation(rawValue: $0) }, map: expected.map)
        func policy() throws -> ForeignPolicy {
            try ForeignPolicy(contentsOf: Self.folder.appending(path: name), options)
        }
        if let words = expected.words {
            let error = try #require(throws: InterchangeError.self) { try policy() }
            #expect(error.message.contains(words), "\(error.message)")
            return
        }
        let network = try policy().network
        let reference = try ReferenceNetwork(network.architecture, network.parameters)
        let (observations, values) = (try #require(expected.observations), try #require(expected.values))
        #expect(!observations.isEmpty && observations.count == values.count)
        for (observation, theirs) in zip(observations, values) {
            let mine = reference.values(observation)
            #expect(mine.count == theirs.count)
            let isClose = zip(mine, theirs).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) }
            #expect(isClose, "\(mine) \(theirs) \(network.notes)")
        }
    }

    @Test func everyFileIsThere() {
        #expect(Self.cases.count > 40)
    }
}
