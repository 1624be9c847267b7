#include "fetch/download.h"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "fetch/digest.h"
#include "fetch/stall_clock.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

constexpr int most_redirects = 8;
constexpr long connect_seconds = 30;

using Handle = std::unique_ptr<CURL, void (*)(CURL *)>;

Handle new_handle() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  Handle handle(ready ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!handle)
    throw UserError("libcurl can't be used here");
  return handle;
}

std::uint64_t size_of(const fs::path &file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  return error ? 0 : size;
}

// The first byte of "bytes 500-999/1000".
std::optional<std::uint64_t> range_start(CURL *curl) {
  curl_header *header = nullptr;
  if (curl_easy_header(curl, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
    return std::nullopt;
  const std::string value = lower(header->value);
  if (!value.starts_with("bytes "))
    return std::nullopt;
  const auto start = parse_integer(value.substr(6, value.find('-') - 6));
  return start && *start >= 0 ? std::optional<std::uint64_t>(*start) : std::nullopt;
}

// One request, from where the .part file ends.
class Attempt {
public:
  enum class End { whole, cut, unsuitable_range, stopped };

  Attempt(const Download &what, const fs::path &part, const std::function<bool(std::uint64_t, std::uint64_t)> &progress)
      : what_(what), part_(part), progress_(progress), start_(size_of(part)), here_(start_),
        stall_(what.stall_seconds, std::chrono::steady_clock::now()) {}

  // UserError where trying again can't help.
  End run() {
    set(CURLOPT_URL, what_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    // A redirect must not take away the protection that the address promises.
    set(CURLOPT_REDIR_PROTOCOLS_STR, lower(what_.url).starts_with("https:") ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, long{most_redirects});
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "convscope");
    set(CURLOPT_CONNECTTIMEOUT, connect_seconds);
    set(CURLOPT_ERRORBUFFER, reason_);
    const std::string range = fmt::format("{}-", start_);
    if (start_ > 0)
      set(CURLOPT_RANGE, range.c_str());
    set(CURLOPT_WRITEFUNCTION, &Attempt::on_data);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Attempt::on_progress);
    set(CURLOPT_XFERINFODATA, this);
    const CURLcode code = curl_easy_perform(curl_.get());
    if (code == CURLE_OK && !file_.is_open()) // an empty answer
      begin();
    if (file_.is_open()) {
      errno = 0;
      file_.close();
      if (!file_ && disk_error_.empty())
        disk_error_ = std::generic_category().message(errno);
    }
    return judge(code);
  }

  bool brought_something() const { return here_ > start_; }
  std::uint64_t here() const { return here_; }
  const std::string &reason() const { return told_; }

private:
  template <typename Value> void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(curl_.get(), option, value); code != CURLE_OK)
      throw UserError(fmt::format("{}: {}", what_.url, curl_easy_strerror(code)));
  }

  long status() const {
    long code = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  // At the first data: decides by the answer's head whether it goes on or begins anew. False where it does not fit.
  bool begin() {
    if (start_ > 0 && status() == 206 && range_start(curl_.get()) != start_) {
      wrong_range_ = true;
      return false;
    }
    if (status() != 206)
      start_ = here_ = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    total_ = length >= 0 ? start_ + static_cast<std::uint64_t>(length) : 0;
    errno = 0;
    file_.open(part_, std::ios::binary | (start_ > 0 ? std::ios::app : std::ios::trunc));
    if (!file_)
      disk_error_ = std::generic_category().message(errno);
    return file_.is_open();
  }

  static std::size_t on_data(char *data, std::size_t one, std::size_t count, void *self) {
    return static_cast<Attempt *>(self)->take(data, one * count) ? one * count : 0;
  }

  bool take(const char *data, std::size_t count) {
    if (!file_.is_open() && !begin())
      return false;
    too_long_ = here_ + count > what_.largest || (total_ > what_.largest);
    if (too_long_)
      return false;
    errno = 0;
    if (!file_.write(data, static_cast<std::streamsize>(count))) {
      disk_error_ = std::generic_category().message(errno);
      return false;
    }
    here_ += count;
    return true;
  }

  static int on_progress(void *self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto &attempt = *static_cast<Attempt *>(self);
    attempt.stopped_ = !attempt.progress_(attempt.here_, attempt.total_);
    attempt.stalled_ = attempt.stall_.stalled(std::chrono::steady_clock::now(), attempt.here_ - attempt.start_);
    return attempt.stopped_ || attempt.stalled_ ? 1 : 0;
  }

  [[noreturn]] void fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", what_.url, what)); }

  End judge(CURLcode code) {
    if (!disk_error_.empty())
      throw UserError(fmt::format("{}: cannot be written: {}", path_text(part_), disk_error_));
    if (stopped_)
      return End::stopped;
    if (too_long_)
      fail(fmt::format("sends more than {} bytes, which is no such file", what_.largest));
    if (wrong_range_ || (code == CURLE_HTTP_RETURNED_ERROR && status() == 416 && start_ > 0))
      return End::unsuitable_range;
    switch (code) {
    case CURLE_OK:
      return End::whole;
    case CURLE_HTTP_RETURNED_ERROR:
      if (status() >= 500)
        break; // the server's trouble, which may pass
      fail(fmt::format("the server answers {}{}", status(), status() == 404 ? " (not found)" : ""));
    case CURLE_TOO_MANY_REDIRECTS:
      fail(fmt::format("is redirected more than {} times", most_redirects));
    case CURLE_UNSUPPORTED_PROTOCOL:
      fail("is, or is redirected to, no address in http or https");
    case CURLE_URL_MALFORMAT:
      fail("is no address");
    case CURLE_OPERATION_TIMEDOUT: // while connecting
      stalled_ = true;
      break;
    default:
      break;
    }
    told_ = stalled_ && brought_something()     ? fmt::format("nothing came for {} s", what_.stall_seconds)
            : stalled_                          ? "the server does not answer"
            : code == CURLE_HTTP_RETURNED_ERROR ? fmt::format("the server answers {}", status())
            : code == CURLE_PARTIAL_FILE ? fmt::format("the connection was cut after {} of {} bytes", here_, total_)
            : reason_[0] != '\0'         ? std::string(reason_)
                                         : std::string(curl_easy_strerror(code));
    return End::cut;
  }

  const Download &what_;
  const fs::path &part_;
  const std::function<bool(std::uint64_t, std::uint64_t)> &progress_;
  std::uint64_t start_, here_, total_ = 0;
  StallClock stall_;
  bool stopped_ = false, stalled_ = false, too_long_ = false, wrong_range_ = false;
  std::string disk_error_, told_;
  char reason_[CURL_ERROR_SIZE] = {};
  std::ofstream file_;
  Handle curl_ = new_handle(); // goes first: it refers to the rest
};

void discard(const fs::path &file) {
  std::error_code ignored;
  fs::remove(file, ignored);
}

// Brings all that the server sends into the .part file.
Attempt::End bring(const Download &what, const fs::path &part,
                   const std::function<bool(std::uint64_t, std::uint64_t)> &progress) {
  for (int left = what.attempts;;) {
    Attempt attempt(what, part, progress);
    const Attempt::End end = attempt.run();
    if (end == Attempt::End::unsuitable_range) {
      // The part is whole already, or no part of this file.
      if (md5_of_file(part) == what.md5)
        return Attempt::End::whole;
      discard(part);
      if (--left > 0)
        continue;
      throw UserError(fmt::format("{}: the server's ranges can't be used", what.url));
    }
    if (end != Attempt::End::cut)
      return end;
    if (--left <= 0 || !attempt.brought_something())
      throw UserError(fmt::format("{}: {}{}", what.url, attempt.reason(),
                                  size_of(part) > 0 ? "; the same command goes on from there" : ""));
  }
}

} // namespace

Fetched fetch(const Download &what, const std::function<bool(std::uint64_t, std::uint64_t)> &progress) {
  std::error_code error;
  if (fs::is_directory(what.target, error))
    throw UserError(path_text(what.target) + ": is a folder");
  if (fs::exists(what.target, error) && md5_of_file(what.target) == what.md5)
    return Fetched::was_there;
  fs::path part = what.target;
  part += ".part";
  // A second try where the first went on from a part that was wrong: of another file, or damaged.
  for (bool resumed = size_of(part) > 0;; resumed = false) {
    const std::uint64_t before = size_of(part);
    if (bring(what, part, progress) == Attempt::End::stopped)
      return Fetched::stopped;
    const std::string md5 = md5_of_file(part);
    if (md5 == what.md5)
      break;
    const std::uint64_t bytes = size_of(part);
    discard(part);
    if (!resumed || before == 0)
      throw UserError(fmt::format("{}: what came is wrong and was discarded: {} bytes with MD5 {}, not {}", what.url,
                                  bytes, md5, what.md5));
  }
  fs::rename(part, what.target, error);
  if (error)
    throw UserError(fmt::format("{}: cannot be written: {}", path_text(what.target), error.message()));
  return Fetched::whole;
}

} // namespace convscope
