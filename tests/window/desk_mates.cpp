#include "window/desk_mates.h"

#include <array>
#include <chrono>
#include <thread>

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#undef None // Xlib's macro

namespace convscope {

namespace {

using Data = std::array<long, 5>;

Window id_of(const std::string &window) { return std::stoul(window); }

} // namespace

struct DeskMates::State {
  Display *display;

  explicit State(const std::string &name) : display(XOpenDisplay(name.c_str())) {}
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() {
    if (display)
      XCloseDisplay(display);
  }

  Atom atom(const char *name) const { return XInternAtom(display, name, False); }
  long word(const char *name) const { return static_cast<long>(atom(name)); }

  void send(Window to, const char *type, const Data &data) const {
    XEvent event{};
    event.xclient.type = ClientMessage;
    event.xclient.window = to;
    event.xclient.message_type = atom(type);
    event.xclient.format = 32;
    for (std::size_t i = 0; i < data.size(); ++i)
      event.xclient.data.l[i] = data[i];
    XSendEvent(display, to, False, NoEventMask, &event);
    XFlush(display);
  }

  void set_state(Window window, long state) const {
    const Data value{state, 0, 0, 0, 0}; // with no icon window
    XChangeProperty(display, window, atom("WM_STATE"), atom("WM_STATE"), 32, PropModeReplace,
                    reinterpret_cast<const unsigned char *>(value.data()), 2);
  }

  // The files' addresses for whoever asks for them.
  void answer(const XSelectionRequestEvent &request, const std::string &uris) const {
    XEvent reply{};
    reply.xselection.type = SelectionNotify;
    reply.xselection.requestor = request.requestor;
    reply.xselection.selection = request.selection;
    reply.xselection.target = request.target;
    reply.xselection.time = request.time;
    if (request.target == atom("text/uri-list")) {
      reply.xselection.property = request.property;
      XChangeProperty(display, request.requestor, request.property, request.target, 8, PropModeReplace,
                      reinterpret_cast<const unsigned char *>(uris.data()), static_cast<int>(uris.size()));
    }
    XSendEvent(display, request.requestor, False, NoEventMask, &reply);
    XFlush(display);
  }
};

DeskMates::DeskMates(const std::string &display) : state_(std::make_unique<State>(display)) {}
DeskMates::~DeskMates() = default;

bool DeskMates::open() const { return state_->display != nullptr; }

void DeskMates::close(const std::string &window) {
  state_->send(id_of(window), "WM_PROTOCOLS", {state_->word("WM_DELETE_WINDOW"), CurrentTime, 0, 0, 0});
}

void DeskMates::minimise(const std::string &window) {
  XUnmapWindow(state_->display, id_of(window));
  state_->set_state(id_of(window), IconicState);
  XFlush(state_->display);
}

void DeskMates::restore(const std::string &window) {
  state_->set_state(id_of(window), NormalState);
  XMapWindow(state_->display, id_of(window));
  XFlush(state_->display);
}

bool DeskMates::drop(const std::string &window, const std::vector<std::string> &paths, double seconds) {
  const State &s = *state_;
  const Window target = id_of(window);
  std::string uris;
  for (const std::string &path : paths)
    uris += "file://" + path + "\r\n";
  const Window source = XCreateSimpleWindow(s.display, DefaultRootWindow(s.display), 0, 0, 1, 1, 0, 0, 0);
  const Atom selection = s.atom("XdndSelection");
  XSetSelectionOwner(s.display, selection, source, CurrentTime);
  const auto me = static_cast<long>(source);
  s.send(target, "XdndEnter", {me, 5L << 24, s.word("text/uri-list"), 0, 0});
  s.send(target, "XdndPosition", {me, 0, 400L << 16 | 300L, CurrentTime, s.word("XdndActionCopy")});
  bool taken = false;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (bool over = false; !over && std::chrono::steady_clock::now() < end;) {
    if (XPending(s.display) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    XEvent event{};
    XNextEvent(s.display, &event);
    if (event.type == SelectionRequest) {
      s.answer(event.xselectionrequest, uris);
    } else if (event.type == ClientMessage && event.xclient.message_type == s.atom("XdndStatus")) {
      if ((event.xclient.data.l[1] & 1) != 0) // it would take them
        s.send(target, "XdndDrop", {me, 0, CurrentTime, 0, 0});
      else
        over = true;
    } else if (event.type == ClientMessage && event.xclient.message_type == s.atom("XdndFinished")) {
      taken = event.xclient.data.l[1] != 0; // its first bit, but GLFW gives the length of what it got
      over = true;
    }
  }
  XDestroyWindow(s.display, source);
  XFlush(s.display);
  return taken;
}

} // namespace convscope
