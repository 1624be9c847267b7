#include "importer/keras/archive.h"

#include <memory>

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
constexpr std::uint64_t most_inflation = 64;

class Zip {
public:
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

  template <typename Bytes> Bytes read(const char *entry, std::uint64_t limit, std::uint64_t inflation) const {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX;
    if (zip_stat(zip_.get(), entry, 0, &stat) != 0 || (stat.valid & needed) != needed)
      fail(fmt::format("holds no '{}'", entry));
    if (stat.size > limit || stat.size > inflation * stat.comp_size + (1 << 20))
      fail(fmt::format("claims that '{}' has {} bytes", entry, stat.size));
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t *)> file(zip_fopen_index(zip_.get(), stat.index, 0),
                                                                  zip_fclose);
    if (!file)
      fail(fmt::format("'{}' can't be read: it is damaged, encrypted or packed in an unknown way", entry));
    Bytes bytes(static_cast<std::size_t>(stat.size), {});
    std::uint64_t done = 0;
    while (done < stat.size) {
      const zip_int64_t got = zip_fread(file.get(), bytes.data() + done, stat.size - done);
      if (got <= 0)
        break;
      done += static_cast<std::uint64_t>(got);
    }
    char more; // the checksum is compared where the data end
    if (done != stat.size || zip_fread(file.get(), &more, 1) != 0)
      fail(fmt::format("'{}' is damaged or truncated", entry));
    return bytes;
  }

  bool has(const char *entry) const { return zip_name_locate(zip_.get(), entry, 0) >= 0; }

private:
  struct Discard {
    void operator()(zip_t *zip) const { zip_discard(zip); }
  };
  std::string name_;
  std::unique_ptr<zip_t, Discard> zip_;
};

} // namespace

Archive read_archive(const std::filesystem::path &path) {
  const Zip zip(path);
  if (!zip.has("config.json"))
    zip.fail("is a zip archive, but not a .keras file: it holds no 'config.json'");
  if (!zip.has("model.weights.h5") && zip.has("model.weights.npz"))
    zip.fail("keeps its weights as 'model.weights.npz'; Convscope reads 'model.weights.h5'");
  Archive archive;
  archive.config = zip.read<std::string>("config.json", largest_text, 1100);
  if (zip.has("metadata.json"))
    archive.metadata = zip.read<std::string>("metadata.json", largest_text, 1100);
  archive.weights = zip.read<std::vector<std::uint8_t>>("model.weights.h5", largest_weights, most_inflation);
  return archive;
}

} // namespace convscope::keras
