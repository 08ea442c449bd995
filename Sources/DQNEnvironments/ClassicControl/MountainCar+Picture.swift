package import DQNGraphics
internal import Foundation

extension MountainCar {
    /// The rate at which Gymnasium shows it.
    package var stepsPerSecond: Double { 30 }

    /// The step, the position and the velocity.
    package var statusLine: String {
        StatusLine.text(
            progress, limit: Self.stepLimit,
            [
                "position \(StatusLine.signed(position, decimals: 3))",
                "velocity \(StatusLine.signed(velocity, decimals: 4))",
            ])
    }

    /// The valley, the car and the flag at the goal, 480 by 280 pixels.
    package func picture() -> Picture? {
        var canvas = PictureCanvas(width: 480, height: 280, PictureColor(0xDCEAF2))
        let (width, height) = (Double(canvas.width), Double(canvas.height))
        let scale = width / (Self.rightEnd - Self.leftEnd)
        let rise = 190.0
        // The hill of the original figure; the dynamics do not use its height.
        func level(_ x: Double) -> Double { height - 34 - (sin(3 * (x / scale + Self.leftEnd)) * 0.45 + 0.55) * rise }
        func slope(_ x: Double) -> Double { -cos(3 * (x / scale + Self.leftEnd)) * 3 * 0.45 * rise / scale }

        for (color, depth) in [(PictureColor(0x4F7F52), 0.0), (PictureColor(0x7FB069), 6)] {
            canvas.fill(from: [0, 0], to: [width, height], color) { point in
                let gradient = slope(point.x)
                return (level(point.x) - point.y) / (1 + gradient * gradient).squareRoot() + depth
            }
        }

        let goal = (Self.goal - Self.leftEnd) * scale
        let foot = level(goal)
        canvas.line(from: [goal, foot], to: [goal, foot - 44], thickness: 3, PictureColor(0x39424E))
        canvas.convexPolygon(
            [[goal + 1, foot - 45], [goal + 26, foot - 36], [goal + 1, foot - 27]], PictureColor(0xD1495B))

        // The body lies along the slope, on two wheels.
        let here = PicturePoint((position - Self.leftEnd) * scale, level((position - Self.leftEnd) * scale))
        let tilt = atan(slope(here.x))
        let along = PicturePoint(cos(tilt), sin(tilt))
        let upwards = PicturePoint(sin(tilt), -cos(tilt))
        func onCar(_ distance: Double, _ above: Double) -> PicturePoint { here + along * distance + upwards * above }
        let ink = PictureColor(0x39424E)
        canvas.convexPolygon([onCar(-11, 16), onCar(-7, 25), onCar(6, 25), onCar(12, 16)], PictureColor(0x9CC9DE))
        canvas.line(from: onCar(-15, 12), to: onCar(15, 12), thickness: 11, PictureColor(0x2E86AB))
        canvas.disc(onCar(-10, 6), radius: 6, ink)
        canvas.disc(onCar(10, 6), radius: 6, ink)
        return canvas.picture
    }
}
