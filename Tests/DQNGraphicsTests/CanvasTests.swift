import DQNGraphics
import Testing

/// Tests shapes and text.
@Suite struct CanvasTests {
    private let black = PictureColor(0)
    private let white = PictureColor(0xFFFFFF)

    @Test("A rectangle of whole pixels has sharp edges")
    func rectangle() {
        var canvas = PictureCanvas(width: 8, height: 6, black)
        canvas.rectangle(from: [2, 1], to: [5, 4], white)
        for y in 0..<6 {
            for x in 0..<8 {
                #expect(canvas.picture[x, y] == ((2..<5).contains(x) && (1..<4).contains(y) ? white : black))
            }
        }
    }

    @Test("Shapes have the correct areas")
    func areas() {
        func area(_ draw: (inout PictureCanvas) -> Void) -> Double {
            var canvas = PictureCanvas(width: 100, height: 100, black)
            draw(&canvas)
            return canvas.picture.bytes.reduce(0) { $0 + Double($1) } / 3 / 255
        }
        #expect(abs(area { $0.disc([50.3, 49.8], radius: 20, white) } - 1256.6) < 5)
        #expect(abs(area { $0.line(from: [20, 30], to: [70, 60], thickness: 6, white) } - 378.1) < 4)
        let triangle: [PicturePoint] = [[10, 10], [90, 20], [30, 80]]
        #expect(abs(area { $0.convexPolygon(triangle, white) } - 2700) < 5)
        #expect(abs(area { $0.convexPolygon(triangle.reversed(), white) } - 2700) < 5)
        #expect(abs(area { $0.rectangle(from: [10.5, 10], to: [60, 40], rounding: 8, white) } - 1430) < 5)
    }

    @Test("Clips shapes outside the canvas and ignores NaN")
    func outside() {
        var canvas = PictureCanvas(width: 10, height: 10, black)
        canvas.line(from: [-1e300, 5], to: [-1e200, 5], thickness: 3, white)
        canvas.disc([.nan, 5], radius: 3, white)
        canvas.disc([5, .infinity], radius: 3, white)
        canvas.draw(Picture(width: 4, height: 4, filledWith: white), x: -4, y: 0)
        canvas.draw(Picture(width: 4, height: 4, filledWith: white), x: 0, y: 10)
        #expect(canvas.picture == Picture(width: 10, height: 10, filledWith: black))
        canvas.draw(Picture(width: 40, height: 40, filledWith: white), x: -20, y: -20)
        #expect(canvas.picture == Picture(width: 10, height: 10, filledWith: white))
    }

    @Test("Every printable character looks different")
    func font() {
        var seen: [[UInt8]: Character] = [:]
        for code in UInt8(33)..<127 {
            let character = Character(Unicode.Scalar(code))
            var canvas = PictureCanvas(width: PixelFont.glyphWidth, height: PixelFont.height, black)
            canvas.write(String(character), x: 0, y: 0, scale: 1, white)
            #expect(seen[canvas.picture.bytes] == nil, "\(character)")
            seen[canvas.picture.bytes] = character
        }
        #expect(seen[Picture(width: 5, height: 8, filledWith: black).bytes] == nil)
    }

    @Test("Places and scales text, and truncates long text")
    func text() {
        var canvas = PictureCanvas(width: 30, height: 20, black)
        canvas.write("I|", x: 2, y: 1, scale: 2, white)
        // The stem of the I, and the bar six dots to the right.
        #expect(canvas.picture[6, 8] == white && canvas.picture[7, 8] == white && canvas.picture[8, 8] == black)
        #expect(canvas.picture[18, 8] == white && canvas.picture[19, 8] == white)
        #expect(PixelFont.width("ab", scale: 2) == 22 && PixelFont.width("", scale: 2) == 0)
        #expect(PixelFont.fitted("fire", 4) == "fire" && PixelFont.fitted("main engine", 6) == "main..")
    }
}
