#include "CDQNSupport.h"

// Stringified here: an empty definition is a valid one, and SwiftPM passes no quotation marks through every shell.
#define DQN_TEXT_OF(name) #name
#define DQN_TEXT(name) DQN_TEXT_OF(name)

const char *dqn_build_commit(void) {
#ifdef DQN_BUILD_COMMIT
    return DQN_TEXT(DQN_BUILD_COMMIT);
#else
    return "";
#endif
}
