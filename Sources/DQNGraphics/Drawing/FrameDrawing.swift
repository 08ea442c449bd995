/// A moment as a picture: the environment, below it step and return, a row for each action, and in films the latest
/// Q-values as a chart.
struct FrameDrawing {
    /// Steps that a film's chart goes back.
    private static let chartSteps = 150

    /// Pixels of the whole; even, as films need.
    let width: Int
    let height: Int
    private let pictureWidth: Int
    private let pictureHeight: Int
    private let scale: Int
    private let margin: Int
    private let panel: DecisionPanel
    private let chart: ValueChart?

    private init(_ size: (width: Int, height: Int), width: Int, scale: Int, names: [String], hasChart: Bool) {
        (pictureWidth, pictureHeight) = size
        (self.scale, margin) = (scale, 6 * scale)
        self.width = (max(size.width, width) + 1) / 2 * 2
        let inner = self.width - 2 * margin
        panel = DecisionPanel(names: names, width: inner, scale: names.count > 9 ? 1 : scale)
        chart = hasChart ? ValueChart(width: inner, height: 30 * scale, scale: 1) : nil
        let line = PixelFont.height * scale + margin
        let chartHeight = (chart?.height ?? -margin) + margin
        height = (pictureHeight + 2 * margin + line + panel.height + chartHeight + 1) / 2 * 2
    }

    /// Frames of a film, about as large as a third of a screen.
    static func film(of picture: Picture, names: [String]) -> FrameDrawing {
        FrameDrawing(size(of: picture, within: 640, 480), width: 400, scale: 2, names: names, hasChart: true)
    }

    /// Small ones, for a contact sheet.
    static func tile(of picture: Picture, names: [String]) -> FrameDrawing {
        FrameDrawing(size(of: picture, within: 240, 210), width: 180, scale: 1, names: names, hasChart: false)
    }

    /// The largest whole multiple of a picture's size within a frame, so that its pixels stay squares; where even the
    /// picture itself is too large, what fits.
    private static func size(of picture: Picture, within width: Int, _ height: Int) -> (width: Int, height: Int) {
        let factor = min(width / picture.width, height / picture.height)
        return factor >= 1 ? (factor * picture.width, factor * picture.height) : picture.size(fitting: width, height)
    }

    func picture(_ moment: Moment, _ history: ValueHistory) -> Picture {
        var canvas = PictureCanvas(width: width, height: height, FilmPalette.ground)
        canvas.draw(
            moment.picture.resized(width: pictureWidth, height: pictureHeight), x: (width - pictureWidth) / 2, y: 0)
        var y = pictureHeight + margin
        let step = "step \(moment.step)"
        let total = moment.ending ?? "return \(FilmNumber.total(moment.totalReward))"
        canvas.write(step, x: margin, y: y, scale: scale, FilmPalette.dim)
        canvas.write(
            total, x: width - margin - PixelFont.width(total, scale: scale), y: y, scale: scale,
            moment.ending == nil ? FilmPalette.dim : FilmPalette.text)
        y += PixelFont.height * scale + margin
        panel.draw(on: &canvas, x: margin, y: y, moment, span: history.span)
        y += panel.height + margin
        if let chart {
            let end = max(history.entries.count, Self.chartSteps)
            chart.draw(on: &canvas, x: margin, y: y, history, steps: end - Self.chartSteps..<end)
        }
        return canvas.picture
    }
}
