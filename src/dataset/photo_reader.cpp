#include "dataset/photo_reader.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"

namespace convscope {

namespace {

// Of more pixels than that some take a gigabyte.
constexpr std::int64_t large_photo = std::int64_t{1} << 24;
std::mutex large_photos;

// The reason alone: messages begin with the file's name, which stands beside them.
std::string without_name(const std::string &message, const std::string &name) {
  return printable(message.starts_with(name + ": ") ? message.substr(name.size() + 2) : message);
}

ReadPhoto read(const std::filesystem::path &folder, const FoundPhoto &photo, const PhotoReader::Fit &fit) {
  ReadPhoto result;
  result.photo = photo;
  const std::filesystem::path file = photo_file(folder, photo.path);
  const std::string name = path_text(file);
  try {
    const std::vector<std::uint8_t> bytes = read_file(file, image_file_limit);
    result.lasting = true;
    use_photo(bytes, name, [&](const ImageRgb8 &image) {
      result.size = {image.width, image.height};
      result.input = fit(image);
    });
  } catch (const UserError &error) {
    result.fault = without_name(error.what(), name);
  } catch (const std::bad_alloc &) {
    result.fault = "does not fit into memory";
    result.lasting = false; // there may be more the next time
  }
  return result;
}

} // namespace

void use_photo(std::span<const std::uint8_t> bytes, const std::string &name,
               const std::function<void(const ImageRgb8 &)> &use) {
  std::unique_lock<std::mutex> alone(large_photos, std::defer_lock);
  if (pixels_told(bytes) > large_photo)
    alone.lock();
  use(decode_image(bytes, name));
}

void PhotoReader::ask(FoundPhoto photo) {
  asked_.push_back(queue_.run([this, photo = std::move(photo)] { return read(folder_, photo, fit_); }));
}

bool PhotoReader::ready(double seconds) const {
  return !asked_.empty() &&
         asked_.front().wait_for(std::chrono::duration<double>(seconds)) == std::future_status::ready;
}

ReadPhoto PhotoReader::take() {
  const std::shared_future<ReadPhoto> first = std::move(asked_.front());
  asked_.pop_front();
  return first.get();
}

} // namespace convscope
