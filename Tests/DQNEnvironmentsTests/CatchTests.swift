import DQNEnvironments
import DQNModel
import Testing

/// The rules of bsuite's Catch, read from its observations.
@Suite struct CatchTests {
    /// The positions of ball and paddle on a board; the paddle is in the bottom row.
    private func positions(_ board: [Float]) throws -> (row: Int, column: Int, paddle: Int) {
        try #require(board.count == 50 && board.allSatisfy { $0 == 0 || $0 == 1 })
        let set = board.indices.filter { board[$0] == 1 }
        let bottom = set.filter { $0 >= 45 }
        let above = set.filter { $0 < 45 }
        if let ball = above.first {
            try #require(above.count == 1 && bottom.count == 1)
            return (ball / 5, ball % 5, bottom[0] - 45)
        }
        try #require((1...2).contains(bottom.count))
        return (9, -1, bottom[0] - 45)
    }

    @Test("The ball falls one row per step, the paddle moves by one, the ninth step pays ±1", arguments: 0..<50)
    func rules(seed: UInt64) throws {
        var environment: any Environment = Catch(.board)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        var choices = RandomGenerator(seed: seed, stream: "test")
        try environment.reset(seed: seed)
        environment.observe(into: &observation)
        let start = try positions(observation.floats)
        #expect(start.row == 0 && start.paddle == 2)
        var paddle = start.paddle
        for step in 1...9 {
            let action = choices.integer(below: 3)
            let outcome = try environment.step(action)
            paddle = min(max(paddle + action - 1, 0), 4)
            environment.observe(into: &observation)
            let now = try positions(observation.floats)
            #expect(now.row == step)
            if step < 9 {
                #expect(now.column == start.column && now.paddle == paddle)
                #expect(outcome == StepOutcome(reward: 0, terminated: false, truncated: false))
            } else {
                let caught = paddle == start.column
                #expect(outcome == StepOutcome(reward: caught ? 1 : -1, terminated: true, truncated: false))
                #expect(observation.floats[45 + paddle] == 1 && observation.floats[45 + start.column] == 1)
                #expect(observation.floats.reduce(0, +) == (caught ? 1 : 2))
            }
        }
    }

    @Test("Every episode can be won; every column is about equally frequent")
    func winnable() throws {
        var environment: any Environment = Catch(.board)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        var columns = [Int](repeating: 0, count: 5)
        try environment.reset(seed: 2)
        for _ in 0..<5000 {
            environment.observe(into: &observation)
            let target = try positions(observation.floats).column
            columns[target] += 1
            var total = 0.0
            for _ in 0..<9 {
                let paddle = try positions(observation.floats).paddle
                let outcome = try environment.step(1 + (target - paddle).signum())
                environment.observe(into: &observation)
                total += outcome.reward
            }
            try #require(total == 1)
            try environment.reset(seed: nil)
        }
        // 1000 expected each, standard deviation 28.
        #expect(columns.allSatisfy { abs($0 - 1000) < 140 }, "\(columns)")
    }

    @Test("Catch84 shows the same game in 84×84 pixels", arguments: 0..<10)
    func pixels(seed: UInt64) throws {
        var board: any Environment = Catch(.board)
        var screen: any Environment = Catch(.pixels)
        #expect(screen.specification.observationSpace == ObservationSpace(shape: [84, 84], element: .uint8))
        #expect(screen.specification.defaultFrameStack == 4)
        var cells = Observation(zerosOf: board.specification.observationSpace)
        var frame = Observation(zerosOf: screen.specification.observationSpace)
        // Drawing must not depend on what the buffer held before.
        frame.withMutableBytes { for index in $0.indices { $0[index] = 77 } }
        try board.reset(seed: seed)
        try screen.reset(seed: seed)
        var choices = RandomGenerator(seed: seed, stream: "test")
        var ended = false
        while !ended {
            board.observe(into: &cells)
            screen.observe(into: &frame)
            #expect(frame.bytes.allSatisfy { $0 == 0 || $0 == 255 })
            for row in 0..<10 {
                for column in 0..<5 {
                    // The middle of a cell shows whether it is set.
                    let middle = (row * 84 + 42) / 10 * 84 + (column * 84 + 42) / 5
                    #expect(frame.bytes[middle] == (cells.floats[row * 5 + column] == 1 ? 255 : 0))
                }
            }
            let action = choices.integer(below: 3)
            let outcome = try screen.step(action)
            #expect(try board.step(action) == outcome)
            ended = outcome.ended
        }
    }
}
