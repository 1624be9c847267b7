#include "microscope/store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "io/png.h"

namespace convscope {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char *net_file = "data/net.json", *lock_file = ".lock";

bool is_leftover(const fs::path &file) { // of write_file_atomically()
  const std::string name = path_text(file.filename());
  return name.starts_with(".convscope-") && name.ends_with(".tmp");
}

const std::vector<std::pair<Record::State, const char *>> states{
    {Record::State::done, "done"}, {Record::State::dead, "dead"}, {Record::State::stopped, "stopped"}};

std::string text_of(const std::vector<std::uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }

} // namespace

std::string to_text(const Record &record) {
  Json json{{"work", record.work}};
  for (const auto &[state, name] : states)
    if (state == record.state)
      json["state"] = name;
  json["value"] = std::isfinite(record.value) ? record.value : 0;
  json["steps"] = record.steps;
  json["width"] = record.width;
  json["height"] = record.height;
  if (record.preview)
    json["preview"] = true;
  if (!record.photo.empty())
    json["photo"] = record.photo;
  if (record.difference > 0)
    json["difference"] = record.difference;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::optional<Record> read_record(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    Record record{json.at("work").get<std::string>(), Record::State::done,
                  json.at("value").get<double>(),     json.at("steps").get<int>(),
                  json.at("width").get<int>(),        json.at("height").get<int>(),
                  json.value("preview", false),       json.value("photo", std::string()),
                  json.value("difference", 0.0)};
    const auto name = json.at("state").get<std::string>();
    const auto state = std::find_if(states.begin(), states.end(), [&](const auto &s) { return s.second == name; });
    if (state == states.end())
      return std::nullopt;
    record.state = state->first;
    return record;
  } catch (const Json::exception &) {
    return std::nullopt;
  }
}

std::string file_stem(int unit, View view, int face) {
  return fmt::format("{}{}{}", unit, form_of(view).suffix, view == View::face ? std::to_string(face) : "");
}

std::optional<UnitPicture> unit_picture(std::string_view stem) {
  constexpr std::int64_t most = 1 << 24;
  const std::size_t digits = std::min(stem.find_first_not_of("0123456789"), stem.size());
  const auto unit = parse_integer(stem.substr(0, digits));
  if (!unit || *unit >= most)
    return std::nullopt;
  for (const ViewForm &form : view_forms()) {
    const std::string_view suffix = form.suffix, behind = stem.substr(digits);
    if (!behind.starts_with(suffix))
      continue;
    const std::optional<long long> face = form.view == View::face ? parse_integer(behind.substr(suffix.size())) : 0;
    if (!face || *face < 0 || *face >= most)
      continue;
    const UnitPicture picture{static_cast<int>(*unit), form.view, static_cast<int>(*face)};
    if (file_stem(picture.unit, picture.view, picture.face) == stem)
      return picture;
  }
  return std::nullopt;
}

std::string photo_stem(const std::string &hash) { return "photo-" + hash; }

SiteStore::SiteStore(const fs::path &folder, const std::string &net, const std::string &name, SiteLock::Part part,
                     int shard)
    : folder_(folder) {
  check_folder();
  std::error_code error;
  fs::create_directories(folder_ / "data", error);
  if (error)
    throw UserError(fmt::format("-o {}: cannot be written: {}", path_text(folder), error.message()));
  if (part == SiteLock::Part::none) {
    check_net(net, name);
    return;
  }
  const auto wanted = part == SiteLock::Part::shard ? part : SiteLock::Part::whole;
  bool whole = lock_.take(folder_ / lock_file, wanted, shard);
  // A process that was killed holds it until its memory is given back.
  for (int tries = 0; !whole && part != SiteLock::Part::pages && tries < 30; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    whole = lock_.take(folder_ / lock_file, wanted, shard);
  }
  if (!whole && part == SiteLock::Part::pages && lock_.take(folder_ / lock_file, part)) {
    // Shards are at work: pages of what there is.
  } else if (!whole) {
    throw UserError(fmt::format(
        "-o {}: another convscope is at work on {}; it goes on, and so can this command once that one has ended",
        path_text(folder), part == SiteLock::Part::shard ? "this shard or on all of the site" : "this site"));
  }
  check_net(net, name);
  if (whole && part != SiteLock::Part::shard)
    remove_leftovers();
}

void SiteStore::check_folder() const {
  std::error_code error;
  const fs::file_status status = fs::status(folder_, error);
  if (!fs::exists(status))
    return;
  if (!fs::is_directory(status))
    throw UserError(fmt::format("-o {}: is a file; a site is a folder", path_text(folder_)));
  if (fs::exists(folder_ / net_file, error))
    return;
  fs::directory_iterator entries(folder_, error);
  if (error)
    throw UserError(fmt::format("-o {}: cannot be read: {}", path_text(folder_), error.message()));
  for (const fs::directory_entry &entry : entries) {
    const std::string name = path_text(entry.path().filename());
    // A run that was killed at its very start left "data" without anything in it.
    const bool ours = name == lock_file || (name == "data" && entry.is_directory(error));
    bool other = !ours;
    if (ours && name == "data")
      for (const fs::directory_entry &inner : fs::directory_iterator(entry.path(), error))
        other = other || !is_leftover(inner.path());
    if (other)
      throw UserError(
          fmt::format("-o {}: holds other things, such as '{}', and no site of convscope's: name a new folder",
                      path_text(folder_), name));
  }
}

void SiteStore::check_net(const std::string &net, const std::string &name) const {
  const Json mine{{"made_by", "convscope microscope"}, {"net", name}, {"weights", net}};
  if (const auto text = get(net_file)) {
    const Json found = Json::parse(*text, nullptr, false);
    const bool whole = found.is_object() && found.contains("weights") && found["weights"].is_string() &&
                       found.contains("net") && found["net"].is_string();
    if (!whole)
      throw UserError(
          fmt::format("{}: is damaged: it does not tell which net the site is of", path_text(folder_ / net_file)));
    if (found["weights"].get<std::string>() != net)
      throw UserError(fmt::format("-o {}: is a site of another net, '{}' with other weights: name a new folder",
                                  path_text(folder_), found["net"].get<std::string>()));
    return;
  }
  put(net_file, mine.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
}

void SiteStore::remove_leftovers() const {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::recursive_directory_iterator at(folder_, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (is_leftover(at->path()))
      leftovers.push_back(at->path());
  for (const fs::path &file : leftovers)
    fs::remove(file, error);
}

fs::path SiteStore::picture(const std::string &layer, const std::string &stem) const {
  return layer_folder(layer) / (stem + ".png");
}

std::map<std::string, Record> SiteStore::records(const std::string &layer) const {
  std::set<std::string> pictures;
  std::vector<std::string> stems;
  for (const std::string &name : list("images/" + layer)) {
    if (name.ends_with(".png"))
      pictures.insert(name.substr(0, name.size() - 4));
    else if (name.ends_with(".json"))
      stems.push_back(name.substr(0, name.size() - 5));
  }
  std::map<std::string, Record> records;
  for (const std::string &stem : stems)
    if (pictures.contains(stem))
      if (const auto text = get("images/" + layer + "/" + stem + ".json"))
        if (auto record = read_record(*text))
          records.emplace(stem, std::move(*record));
  return records;
}

void SiteStore::keep(const std::string &layer, const std::string &stem, const ImageRgb8 &picture,
                     const std::string &settings, const Record &record) const {
  put("images/" + layer + "/" + stem + ".png", encode_png(picture, settings));
  put("images/" + layer + "/" + stem + ".json", to_text(record));
}

void SiteStore::put(const std::string &path, std::string_view bytes) const {
  if (get(path) == bytes)
    return;
  const fs::path file = folder_ / path;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error)
    throw UserError(fmt::format("{}: cannot be made: {}", path_text(file.parent_path()), error.message()));
  write_file_atomically(file, bytes);
}

void SiteStore::put(const std::string &path, const std::vector<std::uint8_t> &bytes) const {
  put(path, std::string_view(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
}

std::optional<std::string> SiteStore::get(const std::string &path) const {
  std::error_code error;
  const fs::path file = folder_ / path;
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) == 0)
    return std::nullopt;
  return text_of(read_file(file));
}

void SiteStore::remove(const std::string &path) const {
  std::error_code error;
  fs::remove(folder_ / path, error);
}

void SiteStore::remove(const std::string &layer, const std::string &stem) const {
  remove("images/" + layer + "/" + stem + ".json");
  remove("images/" + layer + "/" + stem + ".png");
}

std::vector<std::string> SiteStore::list(const std::string &folder) const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder_ / folder, error), end; !error && at != end; at.increment(error))
    names.push_back(path_text(at->path().filename()));
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace convscope
