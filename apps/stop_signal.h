// Ctrl-C, SIGTERM and SIGUSR1 as a flag that long work looks at: the first asks for an orderly stop, the
// second SIGINT or SIGTERM ends the program at once. The one place with state of the process, because signals
// have one.
#pragma once

#include <atomic>

namespace effnet::apps {

// Installs the handlers at the first call; the flag turns true when a signal came.
const std::atomic<bool>& stop_requested();

// From now on the kernel kills this process when the thread that started it ends: a child of a killed parent must not
// go on writing into a folder that the next run wants.
void end_with_parent();

}  // namespace effnet::apps
