#include "app/interrupt.h"

#include <csignal>

namespace convscope {

namespace {

volatile std::sig_atomic_t stop_requested = 0;
int guards = 0; // that are alive

void on_interrupt(int) {
  stop_requested = 1;
  std::signal(SIGINT, SIG_DFL);
}

} // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0)
    return;
  stop_requested = 0;
  before_ = std::signal(SIGINT, on_interrupt);
}

InterruptGuard::~InterruptGuard() {
  if (--guards == 0)
    std::signal(SIGINT, before_ == SIG_ERR ? SIG_DFL : before_);
}

bool InterruptGuard::interrupted() const { return stop_requested != 0; }

} // namespace convscope
