// Ctrl-C as a question: the first one asks to stop, the second ends the program at once.
#pragma once

namespace convscope {

// While one lives, SIGINT sets a flag.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;
  bool interrupted() const;

private:
  using Handler = void (*)(int);
  Handler before_;
};

} // namespace convscope
