internal import Foundation

extension MountainCar {
    /// Draws the valley, the car and the flag at the goal, over a line of figures; 60 columns by 13 lines.
    public func renderANSI() -> String {
        var canvas = TerminalCanvas(columns: StatusLine.width, rows: 12)
        let scale = Double(canvas.width - 1) / (Self.rightEnd - Self.leftEnd)
        // The hill of the original figure; its height plays no part in the dynamics.
        func ground(_ position: Double) -> CanvasPoint {
            let height = sin(3 * position) * 0.45 + 0.55
            return CanvasPoint((position - Self.leftEnd) * scale, Double(canvas.height) - 3 - height * 35)
        }

        var previous = ground(Self.leftEnd)
        for step in 1...60 {
            let next = ground(Self.leftEnd + (Self.rightEnd - Self.leftEnd) * Double(step) / 60)
            canvas.line(from: previous, to: next, thickness: 1.4, .green)
            previous = next
        }

        let goal = ground(Self.goal)
        canvas.line(from: goal, to: CanvasPoint(goal.x, goal.y - 8), .brightRed)
        canvas.rectangle(CanvasPoint(goal.x, goal.y - 8), CanvasPoint(goal.x + 5, goal.y - 5), .brightRed)

        // The body lies along the slope, on two wheels.
        let here = ground(position)
        let slope = atan2(-cos(3 * position) * 3 * 0.45 * 35, scale)
        func onCar(_ along: Double, _ above: Double) -> CanvasPoint {
            CanvasPoint(
                here.x + along * cos(slope) + above * sin(slope), here.y + along * sin(slope) - above * cos(slope))
        }
        canvas.line(from: onCar(-4, 4.5), to: onCar(4, 4.5), thickness: 3, .brightCyan)
        canvas.line(from: onCar(-1.5, 7), to: onCar(1.5, 7), thickness: 2.4, .brightCyan)
        canvas.disc(onCar(-3, 2.2), radius: 1.5, .brightCyan)
        canvas.disc(onCar(3, 2.2), radius: 1.5, .brightCyan)
        return canvas.text + "\n"
            + StatusLine.text(
                progress, limit: Self.stepLimit,
                [
                    "position \(StatusLine.signed(position, decimals: 3))",
                    "velocity \(StatusLine.signed(velocity, decimals: 4))",
                ])
    }
}
