// Ctrl-C, SIGTERM and SIGUSR1 as a flag that long work looks at: the first asks for an orderly stop, the
// second SIGINT or SIGTERM ends the program at once. The one place with state of the process, because signals
// have one.
#pragma once

#include <atomic>

namespace effnet::apps {

// Installs the handlers at the first call; the flag turns true when a signal came.
const std::atomic<bool>& stop_requested();

}  // namespace effnet::apps
