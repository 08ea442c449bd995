import DQNModel
import Foundation
import Testing

/// Tests of the reader for JSON from files of strangers.
struct JSONTextTests {
    private func value(_ text: String, limit: Int = 1000) throws -> JSONValue {
        try JSONText.value(of: Array(text.utf8), valueLimit: limit)
    }

    private func complaint(_ text: String, limit: Int = 1000) -> String? {
        do { return "\(try value(text, limit: limit))" == "" ? nil : nil } catch { return "\(error)" }
    }

    /// Foundation's decoder is the reference for what both accept.
    @Test(arguments: [
        "null", "true", " false ", "0", "-0", "-0.0", "1.0", "1e2", "1.5", "-2.5e-3", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "1e308", "5e-324", "123456789012345678901234567890",
        "\"\"", "\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "\"\\u0041\\u00e9\\ud83d\\ude00\"", "\"é世界\"", "[]",
        "[1, [2,\n3], {}]",
        "{\"a\":1,\"b\":{\"c\":[null,true]},\"\":\"x\"}", "{ \"a\" : 1 }",
    ])
    func readsWhatFoundationReads(_ text: String) throws {
        #expect(try value(text) == JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "1 2", "[1,]", "[1", "[,1]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{\"a\":1 \"b\":2}",
        "01",
        "-", "1.", ".5", "1e", "+1", "0x1", "NaN", "Infinity", "1e999", "-1e999", "\"", "\"\\x\"", "\"\\u12g4\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "'a'", "[1]]", "// x\n1", "\u{FEFF}1",
    ])
    func refusesWhatIsNotJSON(_ text: String) { #expect(complaint(text) != nil) }

    @Test func refusesWhatReadersDisagreeAbout() throws {
        #expect(complaint("{\"a\":1,\"b\":2,\"a\":3}") == "it has a duplicate key: \"a\"")
        #expect(complaint("[{\"a\":1,\"\\u0061\":3}]") == "it has a duplicate key: \"\\u0061\"")
        #expect(try value("[{\"a\":1},{\"a\":3}]") != .null)
        #expect(throws: JSONText.Complaint.self) { try JSONText.value(of: [0x22, 0xff, 0x22], valueLimit: 9) }
        #expect(throws: JSONText.Complaint.self) { try JSONText.value(of: [0x31, 0, 0], valueLimit: 9) }
    }

    @Test func boundsNestingValuesAndNumbers() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(complaint(nested(128)) == nil)
        #expect(complaint(nested(129)) == "it nests more than 128 levels deep")
        #expect(complaint(String(repeating: "{\"a\":", count: 100_000)) == "it nests more than 128 levels deep")
        #expect(complaint("[1,2,3]", limit: 4) == nil)
        #expect(complaint("[1,2,3]", limit: 3) == "it has more than 3 values")
        #expect(complaint("{\"a\":{},\"b\":[]}", limit: 2) == "it has more than 2 values")
        #expect(complaint(String(repeating: "1", count: 2000))?.contains("1024 characters") == true)
    }
}
