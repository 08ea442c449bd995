package import DQNGraphics
internal import Foundation

extension Acrobot {
    /// The rate at which Gymnasium shows it; real time would be 5.
    package var stepsPerSecond: Double { 15 }

    /// The step and the height of the tip.
    package var statusLine: String {
        let height = -cos(state[0]) - cos(state[0] + state[1])
        return StatusLine.text(
            progress, limit: Self.stepLimit,
            ["tip \(StatusLine.signed(height, decimals: 2)) m above the joint, goal +1.00"])
    }

    /// Both links and the line that the tip must pass, 360 by 360 pixels.
    package func picture() -> Picture? {
        var canvas = PictureCanvas(width: 360, height: 360, PictureColor(0xF2EDE4))
        let scale = 78.0
        let joint = PicturePoint(Double(canvas.width) / 2, Double(canvas.height) / 2)
        func end(of start: PicturePoint, angle: Double) -> PicturePoint {
            start + PicturePoint(sin(angle), cos(angle)) * scale
        }
        let elbow = end(of: joint, angle: state[0])
        let tip = end(of: elbow, angle: state[0] + state[1])
        let goal = joint.y - scale
        let hasReached = tip.y < goal
        let (ink, green) = (PictureColor(0x39424E), PictureColor(0x4C9F70))

        for x in stride(from: 4.0, to: Double(canvas.width), by: 22) {
            canvas.rectangle(from: [x, goal - 1], to: [x + 12, goal + 1], hasReached ? green : PictureColor(0xA79F90))
        }
        canvas.line(from: joint, to: elbow, thickness: 18, PictureColor(0x2E86AB))
        canvas.line(from: elbow, to: tip, thickness: 14, PictureColor(0xF2A541))
        canvas.disc(joint, radius: 6, ink)
        canvas.disc(elbow, radius: 5, ink)
        canvas.disc(tip, radius: 5, hasReached ? green : PictureColor(0xD1495B))
        return canvas.picture
    }
}
