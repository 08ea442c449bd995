import CommandLinePlaying
import CommandLineSupport

@main
enum DQNPlay {
    static func main() { PlayCommand.runProgram() }
}
