// Photos on their way to the net: read, decoded and fitted by all of the host's cores, a few ahead of the device.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <span>
#include <string>

#include "base/array.h"
#include "base/size.h"
#include "base/task_queue.h"
#include "dataset/photo_folder.h"
#include "io/image.h"

namespace convscope {

// Decodes a file's content and calls `use` with it: of large photos, with one at a time, whatever threads there are.
void use_photo(std::span<const std::uint8_t> bytes, const std::string &name,
               const std::function<void(const ImageRgb8 &)> &use);

struct ReadPhoto {
  FoundPhoto photo;
  Size size;            // of the photo, as it is to be seen
  Array input;          // what `fit` made of it
  std::string fault;    // why there is none, or ""
  bool lasting = false; // the fault is the content's: it will be there the next time
};

class PhotoReader {
public:
  using Fit = std::function<Array(const ImageRgb8 &)>;
  // `fit` is called by several threads at once.
  PhotoReader(std::filesystem::path folder, Fit fit) : folder_(std::move(folder)), fit_(std::move(fit)) {}

  // What is asked for and not yet taken is in memory: its fitted form, and as many photos as there are cores.
  void ask(FoundPhoto photo);
  std::size_t waiting() const { return asked_.size(); }
  bool ready(double seconds) const; // whether the first that was asked for is there, in that time
  ReadPhoto take();                 // the first that was asked for, once it is there

private:
  std::filesystem::path folder_;
  Fit fit_;
  std::deque<std::shared_future<ReadPhoto>> asked_;
  TaskQueue queue_; // is ended first
};

} // namespace convscope
