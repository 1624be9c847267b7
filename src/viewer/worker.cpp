#include "viewer/worker.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace convscope::viewer {

struct Worker::State {
  Session &session;
  Saver saver;

  mutable std::mutex mutex;
  std::condition_variable changed;
  Wish wish;
  std::vector<SaveRequest> saves;
  bool saving = false; // the worker writes, or is about to
  std::optional<SavedFocus> resuming;
  Snapshot shown;
  Textures textures;
  int seen = 0;                    // textures' generation that the window has
  bool quit = false, done = false; // asked of the thread, and reached by it
  std::exception_ptr ended;

  std::optional<Workshop> workshop; // the thread's own
  std::thread thread;

  State(Session &on, Saver saves_by, const Wish &begin) : session(on), saver(std::move(saves_by)), wish(begin) {}

  void run() {
    try {
      workshop.emplace(session, saver,
                       Workshop::Telling{[this](Snapshot now, const Textures &its) {
                                           const std::lock_guard lock(mutex);
                                           shown = std::move(now);
                                           textures = its;
                                         },
                                         [this](const Textures &its) {
                                           const std::lock_guard lock(mutex);
                                           textures = its;
                                         }});
      for (bool first = true; take_wish(first); first = false)
        workshop->work();
    } catch (const vulkan::Interrupted &) { // as was asked for
    } catch (...) {
      const std::lock_guard lock(mutex);
      ended = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex);
      done = true;
    }
    changed.notify_all();
  }

  // Waits where there is nothing to do. False at the end.
  bool take_wish(bool first) {
    Wish next;
    std::vector<SaveRequest> wanted;
    std::optional<SavedFocus> restoring;
    int shown_generation = 0;
    {
      std::unique_lock lock(mutex);
      if (!first && !workshop->has_work())
        changed.wait_for(lock, std::chrono::milliseconds(100),
                         [&] { return quit || !(wish == workshop->wish()) || !saves.empty() || resuming; });
      if (quit && saves.empty())
        return false;
      next = wish;
      restoring = std::exchange(resuming, std::nullopt);
      wanted.swap(saves);
      saving = !wanted.empty();
      shown_generation = seen;
    }
    workshop->free_textures(shown_generation);
    if (first || restoring || !(next == workshop->wish()))
      workshop->obey(next, restoring);
    for (const SaveRequest &request : wanted)
      workshop->save(request);
    const std::lock_guard lock(mutex);
    saving = false;
    return !quit || !saves.empty();
  }

  // What is to be saved is saved first. Whether something is.
  bool ask_to_end() {
    const std::lock_guard lock(mutex);
    quit = true;
    const bool saves_first = !saves.empty() || saving;
    if (!saves_first)
      session.device().interrupt();
    changed.notify_all();
    return saves_first;
  }

  void end() {
    ask_to_end();
    if (thread.joinable())
      thread.join();
  }
};

Worker::Worker(Session &session, const Wish &first, Saver saver)
    : state_(std::make_unique<State>(session, std::move(saver), first)) {
  state_->thread = std::thread([this] { state_->run(); });
}

Worker::~Worker() {
  state_->end();
  // A last frame may still sample the textures, which go now. Failures do not matter any more.
  const vulkan::Device &device = state_->session.device();
  const std::lock_guard lock(device.queue_mutex());
  vkQueueWaitIdle(device.queue());
}

bool Worker::end_within(double seconds) {
  const bool saves_first = state_->ask_to_end();
  std::unique_lock lock(state_->mutex);
  const auto done = [&] { return state_->done; };
  if (saves_first)
    state_->changed.wait(lock, done);
  return state_->changed.wait_for(lock, std::chrono::duration<double>(seconds), done);
}

SavedSession Worker::rescue() {
  state_->end();
  return state_->workshop ? state_->workshop->rescued() : SavedSession{state_->wish, std::nullopt};
}

void Worker::resume(const Wish &wish, SavedFocus focus) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wish = wish;
    state_->resuming = std::move(focus);
  }
  state_->changed.notify_all();
}

void Worker::wish(const Wish &wish) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wish = wish;
  }
  state_->changed.notify_all();
}

Snapshot Worker::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  return state_->shown;
}

Textures Worker::textures() const {
  const std::lock_guard lock(state_->mutex);
  return state_->textures;
}

void Worker::textures_seen(int generation) {
  const std::lock_guard lock(state_->mutex);
  state_->seen = generation;
}

void Worker::save(const SaveRequest &request) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->saves.push_back(request);
  }
  state_->changed.notify_all();
}

void Worker::check() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->ended)
    std::rethrow_exception(state_->ended);
}

} // namespace convscope::viewer
