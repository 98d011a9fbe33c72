#include "apps/stop_signal.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace effnet::apps {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free state");

void on_signal(int signal) {
  if (stop.exchange(true) && signal != SIGUSR1) _exit(128 + signal);
}

void install() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
  // A reader that went away is an error of the write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

const std::atomic<bool>& stop_requested() {
  static const bool installed = (install(), true);
  (void)installed;
  return stop;
}

void end_with_parent() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

}  // namespace effnet::apps
