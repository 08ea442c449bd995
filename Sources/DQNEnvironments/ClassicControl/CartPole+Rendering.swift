internal import Foundation

extension CartPole {
    /// Draws track, cart and pole to scale, over a line of figures; 60 columns by 12 lines.
    public func renderANSI() -> String {
        var canvas = TerminalCanvas(columns: StatusLine.width, rows: 11)
        let scale = 23.0
        let middle = Double(canvas.width) / 2
        let track = 39.0
        let x = middle + position * scale

        canvas.line(from: CanvasPoint(0, track), to: CanvasPoint(Double(canvas.width), track), .grey)
        for mark in [-Self.positionLimit, 0, Self.positionLimit] {
            let markX = (middle + mark * scale).rounded()
            canvas.line(from: CanvasPoint(markX, track), to: CanvasPoint(markX, track + 3), .grey)
        }
        // The limits of the cart's way stand as posts.
        for limit in [-Self.positionLimit, Self.positionLimit] {
            let post = (middle + limit * scale).rounded()
            canvas.line(from: CanvasPoint(post, track - 7), to: CanvasPoint(post, track), .red)
        }

        canvas.rectangle(CanvasPoint(x - 6, track - 6), CanvasPoint(x + 6, track - 2), .cyan)
        canvas.disc(CanvasPoint(x - 4, track - 1), radius: 1.2, .cyan)
        canvas.disc(CanvasPoint(x + 4, track - 1), radius: 1.2, .cyan)

        let pivot = CanvasPoint(x, track - 7)
        let tip = CanvasPoint(x + sin(angle) * scale * 1.2, pivot.y - cos(angle) * scale * 1.2)
        let upright = abs(angle) <= Self.angleLimit
        canvas.line(from: pivot, to: tip, thickness: 2.2, upright ? .brightYellow : .brightRed)
        return canvas.text + "\n"
            + StatusLine.text(
                progress, limit: Self.stepLimit,
                [
                    "position \(StatusLine.signed(position, decimals: 2)) m",
                    "angle \(StatusLine.signed(angle * 180 / .pi, decimals: 1))°",
                ])
    }
}
