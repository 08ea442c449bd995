internal import Foundation

extension Acrobot {
    /// Draws both links and the line the tip must pass, over a line of figures; 60 columns by 17 lines.
    public func renderANSI() -> String {
        var canvas = TerminalCanvas(columns: StatusLine.width, rows: 16)
        let scale = 14.5
        let joint = CanvasPoint(Double(canvas.width) / 2, Double(canvas.height) / 2)
        func end(of start: CanvasPoint, angle: Double) -> CanvasPoint {
            CanvasPoint(start.x + sin(angle) * scale, start.y + cos(angle) * scale)
        }
        let elbow = end(of: joint, angle: state[0])
        let tip = end(of: elbow, angle: state[0] + state[1])
        let reached = tip.y < joint.y - scale

        let goal = (joint.y - scale).rounded()
        for x in stride(from: 0.0, to: Double(canvas.width), by: 6) {
            canvas.line(from: CanvasPoint(x, goal), to: CanvasPoint(x + 3, goal), reached ? .brightGreen : .grey)
        }
        canvas.line(from: joint, to: elbow, thickness: 3, .cyan)
        canvas.line(from: elbow, to: tip, thickness: 3, .blue)
        canvas.disc(joint, radius: 2.5, .yellow)
        canvas.disc(elbow, radius: 2, .yellow)
        canvas.disc(tip, radius: 1.5, reached ? .brightGreen : .brightRed)
        let height = -cos(state[0]) - cos(state[0] + state[1])
        return canvas.text + "\n"
            + StatusLine.text(
                progress, limit: Self.stepLimit,
                ["tip \(StatusLine.signed(height, decimals: 2)) m above the joint, goal +1.00"])
    }
}
