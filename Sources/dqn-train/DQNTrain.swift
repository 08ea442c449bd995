import CommandLineSupport
import DQNCommandLine

@main
enum DQNTrain {
    static func main() { TrainCommand.runProgram() }
}
