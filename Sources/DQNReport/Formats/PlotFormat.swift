internal import DQNModel
package import Foundation

/// A plot's file format, determined by the file's suffix.
package enum PlotFormat: String, Sendable, CaseIterable {
    /// Vectors, for browsers.
    case svg = "svg"
    /// Pixels.
    case png = "png"
    /// Vectors, for papers.
    case pdf = "pdf"

    /// Returns the format of a file name.
    ///
    /// - Throws: ``ReportError`` (`unknownFormat`).
    package init(_ url: URL) throws(ReportError) {
        guard let format = PlotFormat(rawValue: url.pathExtension.lowercased()) else {
            throw ReportError(
                code: .unknownFormat,
                message: "Unknown format '\(url.lastPathComponent)'; the file name must end in .svg, .png or .pdf.")
        }
        self = format
    }
}

/// The size of a plot: pixels of an SVG document or a PNG picture at its normal scale, and 0.75 points each in a PDF
/// document.
package struct PlotSize: Sendable, Equatable, CustomStringConvertible {
    package let width: Int
    package let height: Int

    /// The extents that a plot can have.
    package static let widths = 240...8_000
    package static let heights = 160...8_000

    /// Creates a size; `nil` if an extent is out of range.
    package init?(width: Int, height: Int) {
        guard Self.widths.contains(width), Self.heights.contains(height) else { return nil }
        (self.width, self.height) = (width, height)
    }

    /// Reads `WIDTHxHEIGHT`, such as `1200x800`; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else { return nil }
        self.init(width: width, height: height)
    }

    package var description: String { "\(width)x\(height)" }
}

extension CurvePlot {
    /// Pixels of a PNG picture for each pixel of a plot of the default size: enough for screens with small pixels.
    private static let pngScale = 2.0

    /// Returns the plot as a file.
    ///
    /// A PNG picture of a given size has exactly this size; one of the default size has twice as many pixels as the SVG
    /// document has. Equal plots have equal bytes.
    /// - Parameter size: the size; `nil` for the default: 720 pixels wide, and as high as the legend needs.
    /// - Throws: ``ReportError``: `pictureTooSmall`, or `inputOutput` if there is not enough memory.
    package func contents(_ format: PlotFormat, size: PlotSize? = nil) throws(ReportError) -> Data {
        let plot = drawable(in: format)
        let drawing: CurveDrawing
        if let size { drawing = try CurveDrawing(plot, size: size) } else { drawing = CurveDrawing(plot) }
        switch format {
        case .svg: return Data(SVGDocument(drawing).text.utf8)
        case .pdf: return Data(try PDFDocument(drawing).bytes)
        case .png: return Data(try PlotRaster.png(drawing, scale: size == nil ? Self.pngScale : 1))
        }
    }

    /// Returns the plot with the texts that the format can draw. They are laid out as they are drawn: an escape is longer
    /// than its letter.
    private func drawable(in format: PlotFormat) -> CurvePlot {
        let change: (String) -> String
        switch format {
        case .svg: return self
        case .png: change = PlotLetters.drawable
        case .pdf: change = PDFText.drawable
        }
        var plot = self
        plot.title = change(title)
        plot.xLabel = change(xLabel)
        plot.yLabel = change(yLabel)
        for index in series.indices { plot.series[index].label = change(series[index].label) }
        plot.note = note.map(change)
        return plot
    }
}
