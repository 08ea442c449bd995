internal import Foundation

/// What makes a film of pictures.
protocol FilmWriter: AnyObject {
    /// How long the film is so far.
    var seconds: Double { get }
    /// Adds a picture that is shown for so long.
    func append(_ picture: Picture, seconds: Double) throws(RecordingError)
    /// Writes what is left.
    func finish() throws(RecordingError)
    /// Ends it before its end.
    func cancel()
}

/// A film written by ``GIFEncoder``.
final class GIFFilm: FilmWriter {
    private let file: RecordingFile
    private var encoder: GIFEncoder
    private var asked = 0.0
    private var hundredths = 0
    var seconds: Double { Double(hundredths) / 100 }

    init(_ file: RecordingFile, _ drawing: FrameDrawing) throws(RecordingError) {
        self.file = file
        encoder = GIFEncoder(width: drawing.width, height: drawing.height)
        try file.write(encoder.header)
    }

    func append(_ picture: Picture, seconds: Double) throws(RecordingError) {
        // Of times that are no hundredths the sum is right.
        asked += seconds
        let wanted = Int((asked * 100).rounded()) - hundredths
        // Below two of them viewers take ten. What is too long for that is not made up for later.
        let shown = max(wanted, 2)
        hundredths += shown
        if wanted < shown { asked = self.seconds }
        try file.write(encoder.frame(picture, hundredths: shown))
    }

    func finish() throws(RecordingError) { try file.write(GIFEncoder.trailer) }

    func cancel() {}
}

/// A film made by ffmpeg.
final class MP4Film: FilmWriter {
    private let process: FFmpegProcess
    private let picturesPerSecond: Double
    private var pictures = 0
    var seconds: Double { Double(pictures) / picturesPerSecond }

    init(
        _ program: URL, _ file: RecordingFile, _ drawing: FrameDrawing, _ picturesPerSecond: Double
    ) throws(RecordingError) {
        self.picturesPerSecond = picturesPerSecond
        process = try FFmpegProcess(
            program, url: file.url, output: file.temporary, width: drawing.width, height: drawing.height,
            picturesPerSecond: picturesPerSecond)
    }

    func append(_ picture: Picture, seconds: Double) throws(RecordingError) {
        // One speed for the whole film: what is shown longer comes several times.
        for _ in 0..<max(Int((seconds * picturesPerSecond).rounded()), 1) {
            try process.append(picture)
            pictures += 1
        }
    }

    func finish() throws(RecordingError) { try process.finish() }

    func cancel() { process.cancel() }
}
