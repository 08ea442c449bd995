@_spi(Distributed) import DQNDistributed

// On the main thread, which exists as long as the process: the system forgets the request with the thread that made it.
ParentProcess.follow()
await DQNCluster.start()
