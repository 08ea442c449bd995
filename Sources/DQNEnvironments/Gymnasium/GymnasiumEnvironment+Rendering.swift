internal import DQNModel
internal import Foundation

extension GymnasiumEnvironment {
    /// The environment's own text where it can render one, otherwise its observation: numbers, or a frame in grey.
    public func renderANSI() -> String {
        if progress.phase != .beforeFirstReset, let reply = try? process.ask(.render, seconds: stepSeconds),
            reply.status == .done, !reply.payload.isEmpty
        {
            return reply.text.trimmingCharacters(in: .newlines)
        }
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        let status = StatusLine.text(progress, limit: specification.maximumEpisodeSteps, [])
        let lines = specification.observationSpace.shape.count == 1 ? numbers(observation) : picture(observation)
        return (lines + [status]).joined(separator: "\n")
    }

    private func numbers(_ observation: Observation) -> [String] {
        observation.floats.prefix(64).enumerated().map { index, value in
            let line = "\(index)".padding(toLength: 6, withPad: " ", startingAt: 0)
            let number = StatusLine.signed(Double(value), decimals: 4)
            return (line + number).padding(toLength: StatusLine.width, withPad: " ", startingAt: 0)
        }
    }

    /// The brightest of each pixel's channels as a character, at most sixty columns by thirty rows.
    private func picture(_ observation: Observation) -> [String] {
        let ramp = Array(" .:-=+*#%@")
        let shape = specification.observationSpace.shape.suffix(2).map { $0 }
        let (height, width) = (shape[0], shape[1])
        let values = observation.floats
        let columns = min(width, StatusLine.width)
        let rows = min(height, StatusLine.width / 2)
        let brightest = max(values.max() ?? 0, .leastNormalMagnitude)
        return (0..<rows).map { row in
            let line = (0..<columns).map { column in
                let pixel = row * height / rows * width + column * width / columns
                let value = stride(from: pixel, to: values.count, by: height * width).map { values[$0] }.max() ?? 0
                return ramp[Int((max(value, 0) / brightest * Float(ramp.count - 1)).rounded())]
            }
            return String(line).padding(toLength: StatusLine.width, withPad: " ", startingAt: 0)
        }
    }
}
