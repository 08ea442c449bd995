import DQNEnvironments
import DQNModel
import Testing

/// What is reported about an environment's observations before a run.
@Suite struct NoticeTests {
    private func specification(_ bounds: ClosedRange<Float>?) -> EnvironmentSpecification {
        var specification = EnvironmentSpecification(
            id: "Far-v0", observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["a", "b"],
            observationBounds: bounds)
        specification.notices = ["its channels are last"]
        return specification
    }

    @Test("Numbers without a finite bound have no factor", .timeLimit(.minutes(1)))
    func infinite() {
        for bounds in [-Float.infinity...Float.infinity, 0...Float.infinity, -Float.infinity...0] {
            #expect(specification(bounds).notices(of: nil) == ["environment 'Far-v0': its channels are last"])
        }
        for value in [Float.infinity, -.infinity] {
            #expect(specification(nil).notices(of: Observation([value, 0])).isEmpty)
        }
        #expect(specification(nil).notices(of: Observation([.greatestFiniteMagnitude, 0])).count == 1)
    }

    @Test("What a program without training reports names no setting of a run")
    func reading() {
        let specification = specification(-1200...1200)
        #expect(specification.notices(of: nil).count == 2)
        #expect(specification.readingNotices == ["environment 'Far-v0': its channels are last"])
    }
}
