/// Renders a frame: the environment, below it the step and the return, a row per action and, in videos, a chart of the
/// latest Q-values.
struct FrameRenderer {
    /// The number of steps in a video's chart.
    private static let chartSteps = 150

    /// The width in pixels; even, as video codecs require.
    let width: Int
    /// The height in pixels; even, as video codecs require.
    let height: Int
    private let pictureWidth: Int
    private let pictureHeight: Int
    private let scale: Int
    private let margin: Int
    private let panel: ActionPanel
    private let chart: ValueChart?

    private init(_ size: (width: Int, height: Int), width: Int, scale: Int, names: [String], hasChart: Bool) {
        (pictureWidth, pictureHeight) = size
        (self.scale, margin) = (scale, 6 * scale)
        self.width = (max(size.width, width) + 1) / 2 * 2
        let inner = self.width - 2 * margin
        panel = ActionPanel(names: names, width: inner, scale: names.count > 9 ? 1 : scale)
        chart = hasChart ? ValueChart(width: inner, height: 30 * scale, scale: 1) : nil
        let line = PixelFont.height * scale + margin
        let chartHeight = (chart?.height ?? -margin) + margin
        height = (pictureHeight + 2 * margin + line + panel.height + chartHeight + 1) / 2 * 2
    }

    /// Creates a renderer for video frames, about a third of a screen in size.
    static func video(of picture: Picture, names: [String]) -> FrameRenderer {
        FrameRenderer(size(of: picture, within: 640, 480), width: 400, scale: 2, names: names, hasChart: true)
    }

    /// Creates a renderer for the small frames of a contact sheet.
    static func tile(of picture: Picture, names: [String]) -> FrameRenderer {
        FrameRenderer(size(of: picture, within: 240, 210), width: 180, scale: 1, names: names, hasChart: false)
    }

    /// Returns the largest whole multiple of a picture's size that fits, so that pixels stay square. If the picture itself is
    /// too large, returns the largest size that fits.
    private static func size(of picture: Picture, within width: Int, _ height: Int) -> (width: Int, height: Int) {
        let factor = min(width / picture.width, height / picture.height)
        return factor >= 1
            ? (factor * picture.width, factor * picture.height) : picture.size(fittingWidth: width, height: height)
    }

    /// Renders a frame.
    func render(_ frame: EpisodeFrame, _ history: ValueHistory) -> Picture {
        var canvas = PictureCanvas(width: width, height: height, Palette.ground)
        canvas.draw(
            frame.picture.resized(width: pictureWidth, height: pictureHeight), x: (width - pictureWidth) / 2, y: 0)
        var y = pictureHeight + margin
        let step = "step \(frame.step)"
        let total = frame.ending ?? "return \(NumberText.total(frame.totalReward))"
        canvas.write(step, x: margin, y: y, scale: scale, Palette.dim)
        canvas.write(
            total, x: width - margin - PixelFont.width(total, scale: scale), y: y, scale: scale,
            frame.ending == nil ? Palette.dim : Palette.text)
        y += PixelFont.height * scale + margin
        panel.draw(on: &canvas, x: margin, y: y, frame, span: history.span)
        y += panel.height + margin
        if let chart {
            let end = max(history.entries.count, Self.chartSteps)
            chart.draw(on: &canvas, x: margin, y: y, history, steps: end - Self.chartSteps..<end)
        }
        return canvas.picture
    }
}
