extension CurveDrawing {
    /// The title, grid, frame, ticks and axis labels.
    var axes: [PlotElement] {
        var parts = [PlotElement.clipArea(frame)]
        if !plot.title.isEmpty {
            parts.append(
                Self.text(
                    plot.title, x: frame.left + frame.width / 2, y: frame.top - 14, size: 16, anchor: .middle,
                    width: width - 20))
        }
        // About one tick for as much room as its label needs.
        let across = AxisTicks(xRange, most: min(max(Int(frame.width / 62), 2), 20))
        let upwards = AxisTicks(yRange, most: min(max(Int(frame.height / 48), 2), 20))
        let (left, right, top, bottom) = (frame.left, frame.right, frame.top, frame.bottom)
        parts.append(
            .rules(
                upwards.values.map { Self.rule(left, y($0), right, y($0)) }
                    + across.values.map { Self.rule(x($0), top, x($0), bottom) },
                colour: Self.grid))
        parts.append(
            .rules(
                [Self.rule(left, top, left, bottom), Self.rule(left, bottom, right, bottom)]
                    + upwards.values.map { Self.rule(left - 4, y($0), left, y($0)) }
                    + across.values.map { Self.rule(x($0), bottom, x($0), bottom + 4) },
                colour: Self.ink))
        for (value, label) in zip(upwards.values, upwards.labels) {
            parts.append(Self.text(label, x: left - 8, y: y(value) + 4, size: 12, anchor: .end, width: 52))
        }
        for (value, label) in zip(across.values, across.labels) {
            parts.append(Self.text(label, x: x(value), y: bottom + 18, size: 12, anchor: .middle, width: 76))
        }
        parts.append(
            Self.text(
                plot.xLabel, x: left + frame.width / 2, y: bottom + 38, size: 14, anchor: .middle, width: frame.width))
        parts.append(
            Self.text(
                plot.yLabel, x: 20, y: top + frame.height / 2, size: 14, anchor: .middle, width: frame.height,
                isUpright: true))
        return parts
    }

    private static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> PlotRule {
        PlotRule(start: PlotPoint(x: x1, y: y1), end: PlotPoint(x: x2, y: y2))
    }

    /// Returns a line of text, truncated to `width`.
    static func text(
        _ text: String, x: Double, y: Double, size: Double, anchor: PlotText.Anchor, width: Double,
        isUpright: Bool = false
    ) -> PlotElement {
        .text(
            PlotText(
                text: SVGText.fitted(text, width: width, size: size), position: PlotPoint(x: x, y: y), size: size,
                anchor: anchor, isUpright: isUpright))
    }
}
