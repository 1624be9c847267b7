// The site's folder as the state of the work: what is there is done.
//
//   data/net.json                     which net it is of; with it the folder is a site
//   images/<layer>/<unit>.png         with its settings, as all of Convscope's; then
//   images/<layer>/<unit>.json        what became of it: a record, which alone says that the picture is there
//   images/<layer>/<unit>-negative.*, <unit>-neuron.*, <unit>-face<n>.*, photo-<hash>.* (caricatures)
//   photos/<hash>.png                 the photos of caricatures
//   examples/<layer>/<unit>.jpg, .json
//   pages: index.html, layers/, sprites/, data/*.js, data/*.json
//
// Each file is written aside and renamed, by one process at a time or by several of which each has units of its own.
// Nothing else is shared, so that a folder on a network serves as well as one on a disk.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/image.h"
#include "microscope/lock.h"
#include "microscope/survey.h"

namespace convscope {

struct Record {     // of a picture
  std::string work; // its settings' hash
  enum class State { done, dead, stopped };
  State state = State::done; // dead, stopped: a plain tile or the last good image stands for it
  double value = 0;          // of the objective in the end; 0 of a dead unit
  int steps = 0, width = 0, height = 0;
  bool preview = false;
  std::string photo;     // of a caricature: its file's name
  double difference = 0; // of a face: what it was worth to differ
  bool operator==(const Record &) const = default;
};
std::string to_text(const Record &record);
std::optional<Record> read_record(std::string_view text); // nothing where it is none

// What a record or a picture is called in its layer's folder. `face`: its number, where it is one.
std::string file_stem(int unit, View view, int face = 0);
struct UnitPicture {
  int unit = 0;
  View view = View::channel;
  int face = 0;
};
std::optional<UnitPicture> unit_picture(std::string_view stem); // nothing where it is no unit's
std::string photo_stem(const std::string &hash);                // of a caricature

class SiteStore {
public:
  // Makes the folder, or goes on in one. UserError where it is no folder, holds other things than a site, or one of
  // another net
  // (`net`: what its weights' content is), can't be written, or where another process is at work on the same part.
  SiteStore(const std::filesystem::path &folder, const std::string &net, const std::string &name, SiteLock::Part part,
            int shard);

  const std::filesystem::path &folder() const { return folder_; }
  std::filesystem::path layer_folder(const std::string &layer) const { return folder_ / "images" / layer; }
  std::filesystem::path picture(const std::string &layer, const std::string &stem) const;

  // All records of a layer by stem, of pictures that are there.
  std::map<std::string, Record> records(const std::string &layer) const;
  // The picture first, then the record.
  void keep(const std::string &layer, const std::string &stem, const ImageRgb8 &picture, const std::string &settings,
            const Record &record) const;
  // Any other file of the site, by its path with '/'; the folders are made. Left alone where it holds that already.
  void put(const std::string &path, std::string_view bytes) const;
  void put(const std::string &path, const std::vector<std::uint8_t> &bytes) const;
  std::optional<std::string> get(const std::string &path) const; // nothing where there is none
  void remove(const std::string &path) const;
  void remove(const std::string &layer, const std::string &stem) const; // the record first, then the picture
  std::vector<std::string> list(const std::string &folder) const;       // names, sorted

private:
  void check_folder() const;
  void check_net(const std::string &net, const std::string &name) const;
  void remove_leftovers() const;
  std::filesystem::path folder_;
  SiteLock lock_;
};

} // namespace convscope
