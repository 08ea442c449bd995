import DQNInterchange
import DQNModel
import Foundation
import Testing

/// The files of `Fixtures/interchange/names` and `published`: networks under the names that people and libraries give to their
/// weights, in the files that they publish.
@Suite struct NamedFileTests {
    struct Case: Decodable {
        let observations: [[Float]]?
        let values: [[Double]]?
        let words: String?
        let map: [String]
        let activation: String?
    }

    static let cases: [String: Case] = {
        var cases: [String: Case] = [:]
        for folder in ["names", "published"] {
            let data = try? Data(contentsOf: Fixture.folder.appending(path: "\(folder)/expected.json"))
            let found = data.flatMap { try? JSONDecoder().decode([String: Case].self, from: $0) } ?? [:]
            for (name, item) in found { cases["\(folder)/\(name)"] = item }
        }
        return cases
    }()

    @Test(arguments: cases.keys.sorted())
    func networksComputeWhatTheirLibrariesDo(name: String) throws {
        let expected = try #require(Self.cases[name])
        let options = try ImportOptions(
            activation: expected.activation.flatMap { NetworkArchitecture.Activation(rawValue: $0) }, map: expected.map)
        func policy() throws -> ForeignPolicy {
            try ForeignPolicy(contentsOf: Fixture.folder.appending(path: name), options)
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
        for (folder, count) in [("names/", 40), ("published/", 35)] {
            #expect(Self.cases.keys.count { $0.hasPrefix(folder) } > count)
        }
    }
}
