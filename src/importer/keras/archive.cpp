#include "importer/keras/archive.h"

#include <cstring>

#include <fmt/format.h>
#include <zip.h>

#include "base/error.h"
#include "base/files.h"

namespace convscope::keras {

namespace {

constexpr zip_int64_t most_entries = 10'000;
constexpr std::uint64_t largest_text = std::uint64_t{16} << 20;
constexpr std::uint64_t largest_weights = std::uint64_t{16} << 30;
// Weights hardly shrink: what shrinks more than this is no file of weights. Texts may.
constexpr std::uint64_t most_inflation_of_weights = 64, most_inflation_of_texts = 1100;
constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

} // namespace

class Zip {
public:
  using Entry = std::unique_ptr<zip_file_t, int (*)(zip_file_t *)>;

  explicit Zip(const std::filesystem::path &path) : name_(path_text(path)) {
    std::error_code error;
    if (!std::filesystem::exists(path, error))
      fail("there is no such file");
    if (!std::filesystem::is_regular_file(path, error))
      fail("is not a file");
    int code = 0;
    zip_.reset(zip_open(name_.c_str(), ZIP_RDONLY, &code));
    if (!zip_)
      fail(code == ZIP_ER_NOZIP ? "is not a .keras file (a zip archive), or its end is missing"
                                : "is a damaged .keras file (a zip archive)");
    if (zip_get_num_entries(zip_.get(), 0) > most_entries)
      fail("has too many entries for a .keras file");
  }

  [[noreturn]] void fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", name_, what)); }

  bool has(const char *entry) const { return zip_name_locate(zip_.get(), entry, 0) >= 0; }

  // Opened, and what it is: its size once unpacked.
  Entry open(const char *name, std::uint64_t limit, std::uint64_t inflation, zip_stat_t &stat) const {
    zip_stat_init(&stat);
    constexpr zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat(zip_.get(), name, 0, &stat) != 0 || (stat.valid & needed) != needed)
      fail(fmt::format("holds no '{}'", name));
    if (stat.size > limit || stat.size > inflation * stat.comp_size + (1 << 20))
      fail(fmt::format("claims that '{}' has {} bytes", name, stat.size));
    Entry entry(zip_fopen_index(zip_.get(), stat.index, 0), zip_fclose);
    if (!entry)
      fail(fmt::format("'{}' can't be read: it is damaged, encrypted or packed in an unknown way", name));
    return entry;
  }

  // All of an entry in pieces, from its beginning. The checksum is compared at its end.
  template <typename Take> void read(zip_file_t *entry, const char *name, std::uint64_t size, const Take &take) const {
    std::vector<std::uint8_t> buffer(buffer_bytes);
    std::uint64_t done = 0;
    zip_int64_t got;
    while ((got = zip_fread(entry, buffer.data(), buffer.size())) > 0) {
      done += static_cast<std::uint64_t>(got);
      if (done > size)
        break;
      take(std::span<const std::uint8_t>(buffer.data(), static_cast<std::size_t>(got)));
    }
    if (got != 0 || done != size)
      fail(fmt::format("'{}' is damaged or truncated", name));
  }

  std::string text(const char *name) const {
    zip_stat_t stat;
    const Entry entry = open(name, largest_text, most_inflation_of_texts, stat);
    std::string text;
    read(entry.get(), name, stat.size,
         [&](std::span<const std::uint8_t> bytes) { text.append(bytes.begin(), bytes.end()); });
    return text;
  }

  // `unpacked` stays empty where the entry can be read where it lies.
  ByteSource weights(const char *name, std::vector<std::uint8_t> &unpacked) {
    zip_stat_t stat;
    weights_ = open(name, largest_weights, most_inflation_of_weights, stat);
    // libzip 1.7 crashes where it seeks in an entry without bytes.
    const bool as_it_is = stat.comp_method == ZIP_CM_STORE && stat.encryption_method == ZIP_EM_NONE && stat.size > 0;
    if (!as_it_is)
      unpacked.reserve(static_cast<std::size_t>(stat.size));
    read(weights_.get(), name, stat.size, [&](std::span<const std::uint8_t> bytes) { // to its end, for its checksum
      if (!as_it_is)
        unpacked.insert(unpacked.end(), bytes.begin(), bytes.end());
    });
    if (as_it_is)
      return {stat.size, [file = weights_.get()](std::uint64_t offset, std::span<std::uint8_t> bytes) {
                return zip_fseek(file, static_cast<zip_int64_t>(offset), SEEK_SET) == 0 &&
                       zip_fread(file, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size());
              }};
    return {stat.size, [&unpacked](std::uint64_t offset, std::span<std::uint8_t> bytes) {
              std::memcpy(bytes.data(), unpacked.data() + offset, bytes.size());
              return true;
            }};
  }

private:
  struct Discard {
    void operator()(zip_t *zip) const { zip_discard(zip); }
  };
  std::string name_;
  std::unique_ptr<zip_t, Discard> zip_;
  Entry weights_{nullptr, zip_fclose}; // closed before the archive
};

Archive::Archive(const std::filesystem::path &path) : zip_(std::make_unique<Zip>(path)) {
  if (!zip_->has("config.json"))
    zip_->fail("is a zip archive, but not a .keras file: it holds no 'config.json'");
  if (!zip_->has("model.weights.h5") && zip_->has("model.weights.npz"))
    zip_->fail("keeps its weights as 'model.weights.npz'; Convscope reads 'model.weights.h5'");
  config_ = zip_->text("config.json");
  if (zip_->has("metadata.json"))
    metadata_ = zip_->text("metadata.json");
  weights_ = zip_->weights("model.weights.h5", unpacked_);
}

Archive::~Archive() = default;

} // namespace convscope::keras
