package import DQNGraphics
internal import Foundation

extension CartPole {
    /// Real time: a step is 20 ms.
    package var stepsPerSecond: Double { 50 }

    /// The step, the cart's position and the pole's angle.
    package var statusLine: String {
        StatusLine.text(
            progress, limit: Self.stepLimit,
            [
                "position \(StatusLine.signed(position, decimals: 2)) m",
                "angle \(StatusLine.signed(angle * 180 / .pi, decimals: 1))°",
            ])
    }

    /// Track, cart and pole to scale, 480 by 240 pixels.
    package func picture() -> Picture? {
        var canvas = PictureCanvas(width: 480, height: 240, PictureColor(0xF2EDE4))
        let scale = 84.0
        let middle = Double(canvas.width) / 2
        let track = 190.0
        let x = middle + position * scale
        let ink = PictureColor(0x39424E)

        canvas.rectangle(
            from: [0, track], to: [Double(canvas.width), Double(canvas.height)], PictureColor(0xDCD3C4))
        canvas.rectangle(from: [0, track - 2], to: [Double(canvas.width), track + 2], ink)
        canvas.rectangle(from: [middle - 1, track + 2], to: [middle + 1, track + 12], ink)
        for limit in [-Self.positionLimit, Self.positionLimit] {
            let post = (middle + limit * scale).rounded()
            canvas.rectangle(from: [post - 2, track - 40], to: [post + 2, track - 2], PictureColor(0xC8553D))
        }

        canvas.disc([x - 17, track - 8], radius: 8, ink)
        canvas.disc([x + 17, track - 8], radius: 8, ink)
        canvas.rectangle(from: [x - 32, track - 36], to: [x + 32, track - 10], rounding: 5, PictureColor(0x2E86AB))

        let pivot = PicturePoint(x, track - 34)
        // To scale as if the axis were at the pole's foot.
        let tip = pivot + PicturePoint(sin(angle), -cos(angle)) * scale
        let isUpright = abs(angle) <= Self.angleLimit
        canvas.line(from: pivot, to: tip, thickness: 10, isUpright ? PictureColor(0xF2A541) : PictureColor(0xD1495B))
        canvas.disc(pivot, radius: 4, ink)
        return canvas.picture
    }
}
