import DQNEnvironments
import DQNGraphics
import DQNModel
import Testing

/// What the environments' colour pictures show.
@Suite struct EnvironmentPictureTests {
    private func picture(_ id: String, _ state: [Double], then action: Int? = nil) throws -> Picture {
        var environment = try placed(id, in: state, elapsed: 3)
        if let action { _ = try environment.step(action) }
        return try #require(try environment.picture())
    }

    @Test(
        "Pictures keep their size during an episode and change with the state",
        arguments: SnapshotTests.environments)
    func size(id: String) throws {
        var environment = try EnvironmentRegistry.make(id)
        try environment.reset(seed: 1)
        var previous = try #require(try environment.picture())
        let size = (previous.width, previous.height)
        var changes = 0
        for _ in 0..<9 {
            if try environment.step(0).ended { break }
            let picture = try #require(try environment.picture())
            #expect((picture.width, picture.height) == size)
            changes += picture == previous ? 0 : 1
            previous = picture
        }
        #expect(changes >= 7)
        #expect(environment.stepsPerSecond > 0)
    }

    @Test("A wrapper shows the picture of its environment, at the rate of its environment")
    func wrapped() throws {
        var plain = try EnvironmentRegistry.make("MountainCar-v0")
        var wrapped = try ActionRepeat(RewardClip(EnvironmentRegistry.make("MountainCar-v0")), count: 3)
        try plain.reset(seed: 1)
        try wrapped.reset(seed: 1)
        #expect(try wrapped.picture() == plain.picture())
        _ = try wrapped.step(2)
        for _ in 0..<3 { _ = try plain.step(2) }
        #expect(try wrapped.picture() == plain.picture())
        #expect(wrapped.renderANSI(columns: 60, rows: 20) == plain.renderANSI(columns: 60, rows: 20))
        #expect(wrapped.stepsPerSecond == 10 && plain.stepsPerSecond == 30)
    }

    @Test("CartPole draws cart and pole according to the state")
    func cartPole() throws {
        let upright = try picture("CartPole-v1", [0, 0, 0, 0])
        let moved = try picture("CartPole-v1", [1, 0, 0, 0])
        let pole = upright[240, 90]
        #expect(moved[240 + 84, 90] == pole && moved[240, 90] != pole)
        // The tip of a pole that leans to the right.
        let leaning = try picture("CartPole-v1", [0, 0, 0.2, 0])
        #expect(leaning[240 + 15, 156 - 74] == pole && leaning[240, 156 - 74] != pole)
    }

    @Test("MountainCar draws the car on the hill, left and right")
    func mountainCar() throws {
        func isBlue(_ color: PictureColor) -> Bool { color == PictureColor(0x2E86AB) }
        func centre(_ picture: Picture) -> Double {
            let columns = (0..<picture.width).flatMap { x in
                (0..<picture.height).filter { isBlue(picture[x, $0]) }.map { _ in Double(x) }
            }
            return columns.reduce(0, +) / Double(columns.count)
        }
        for position in [-1.0, -0.5, 0.3] {
            let drawn = centre(try picture("MountainCar-v0", [position, 0]))
            #expect(abs(drawn - (position + 1.2) / 1.8 * 480) < 15, "\(position): \(drawn)")
        }
    }

    @Test("Acrobot draws its links from the middle, and the tip green above the line")
    func acrobot() throws {
        let hanging = try picture("Acrobot-v1", [0, 0, 0, 0])
        let (first, second) = (hanging[180, 180 + 40], hanging[180, 180 + 78 + 40])
        let raised = try picture("Acrobot-v1", [.pi, 0, 0, 0])
        #expect(raised[180, 180 - 40] == first && raised[180, 180 - 78 - 40] == second)
        #expect(raised[180, 180 + 40] == hanging[20, 340])
        #expect(raised[180, 180 - 156] == PictureColor(0x4C9F70) && hanging[180, 180 + 156] != PictureColor(0x4C9F70))
    }

    @Test("Catch draws ball and paddle where the observation has them", arguments: [Catch.Drawing.board, .pixels])
    func catching(drawing: Catch.Drawing) throws {
        var environment = Catch(drawing)
        var board = Catch(.board)
        environment.reset(seed: 5)
        board.reset(seed: 5)
        for _ in 0..<6 {
            _ = try environment.step(2)
            _ = try board.step(2)
        }
        var cells = Observation(zerosOf: board.specification.observationSpace)
        board.observe(into: &cells)
        let picture = try #require(environment.picture())
        for row in 0..<10 {
            for column in 0..<5 {
                let isSet = cells.floats[row * 5 + column] == 1
                let color = picture[10 + 36 * column + 18, 10 + 36 * row + (row == 9 ? 28 : 18)]
                #expect((color != PictureColor(0x232D3D)) == isSet, "\(row), \(column)")
            }
        }
    }

    /// An environment whose observation is a frame.
    private struct Frames: Environment {
        var shape: [Int]
        var element: ElementType
        var values: [UInt8]
        var specification: EnvironmentSpecification {
            EnvironmentSpecification(
                id: "Frames", observationSpace: ObservationSpace(shape: shape, element: element), actionMeanings: ["go"]
            )
        }
        mutating func reset(seed: UInt64?) {}
        mutating func step(_ action: Int) -> StepOutcome { StepOutcome(reward: 0, terminated: true, truncated: false) }
        func observe(into observation: inout Observation) {
            if element == .float32 {
                observation.withMutableFloats { floats in
                    for (index, value) in values.enumerated() { floats[index] = Float(value) }
                }
            } else {
                observation.withMutableBytes { $0.copyBytes(from: values) }
            }
        }
        func snapshot() -> StateSnapshot? { nil }
        mutating func restore(_ snapshot: StateSnapshot) {}
        func renderANSI() -> String { "text" }
    }

    @Test("An observed frame is the picture: grey, colours, the newest of a stack, channels as colours")
    func observed() throws {
        let grey = try #require(try Frames(shape: [1, 2], element: .uint8, values: [7, 200]).picture())
        #expect(grey.bytes == [7, 7, 7, 200, 200, 200])
        let colored = try #require(
            try Frames(shape: [3, 1, 2], element: .uint8, values: [1, 2, 3, 4, 5, 6]).picture())
        #expect(colored.bytes == [1, 3, 5, 2, 4, 6])
        let stack = try #require(try Frames(shape: [2, 1, 1], element: .uint8, values: [1, 9]).picture())
        #expect(stack.bytes == [9, 9, 9])
        let floats = try #require(try Frames(shape: [1, 3], element: .float32, values: [0, 2, 4]).picture())
        #expect(floats.bytes == [0, 0, 0, 128, 128, 128, 255, 255, 255])
        let channels = try #require(
            try Frames(shape: [2, 1, 3], element: .float32, values: [1, 0, 0, 0, 1, 0]).picture())
        #expect(channels[0, 0] != channels[1, 0] && channels[2, 0] == PictureColor(0))
        #expect(try Frames(shape: [4], element: .float32, values: [1, 2, 3, 4]).picture() == nil)
    }

    /// An environment of three numbers that draws nothing.
    private struct Vector: Environment {
        var specification: EnvironmentSpecification {
            EnvironmentSpecification(
                id: "Vector", observationSpace: ObservationSpace(shape: [3], element: .float32), actionMeanings: ["go"])
        }
        mutating func reset(seed: UInt64?) {}
        mutating func step(_ action: Int) -> StepOutcome { StepOutcome(reward: 0, terminated: true, truncated: false) }
        func observe(into observation: inout Observation) {
            observation.withMutableFloats { for index in 0..<3 { $0[index] = Float(index) } }
        }
        func snapshot() -> StateSnapshot? { nil }
        mutating func restore(_ snapshot: StateSnapshot) {}
    }

    @Test("A terminal shows an environment's own text, or its picture over its status line, or its numbers")
    func terminal() throws {
        let frames = Frames(shape: [2, 2], element: .uint8, values: [0, 255, 0, 255])
        #expect(frames.renderANSI(columns: 2, rows: 1).contains("\u{1B}[48;2;255;255;255m"))
        #expect(
            Frames(shape: [2, 2], element: .float32, values: [0, 1, 0, 1]).renderANSI(columns: 9, rows: 9) == "text")
        let cartPole = try placed("CartPole-v1", in: [0, 0, 0, 0], elapsed: 3)
        for environment in [cartPole, try EnvironmentRegistry.make("Catch84-v0")] {
            let picture = try #require(try environment.picture()).terminalText(columns: 20, rows: 8)
            #expect(
                environment.renderANSI(columns: 20, rows: 9) == "\(picture)\n\(environment.statusLine.prefix(20))")
        }
        // Without a picture, a text or figures the numbers of the observation are shown.
        let vector = Vector().renderANSI(columns: 60, rows: 9).split(separator: "\n")
        #expect(vector.count == 3 && vector[1].hasPrefix("1     +1.0000"))
    }
}
