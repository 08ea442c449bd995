import DQNCommandLine

CommandLineTool.main(
    environments: ["Walk-v0": { Walk() }, "Coin-v0": { Coin() }],
    methods: [Baseline()])
