// What a net has seen of a folder's photos: of each photo and layer the maximum of every channel and its place.
//
// Nothing less would do. From all maxima any number of examples of any channel follows, exactly, also after photos have
// come, changed or gone; the best few alone would not tell who follows when one of them goes. A channel takes 6 bytes a
// photo (8 where a map has more than 65,536 positions): 1.5 kB for a layer of 256, where the photo itself takes 100 kB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/size.h"
#include "dataset/peaks.h"
#include "dataset/photo_folder.h"
#include "dataset/sqlite.h"

namespace convscope {

// A layer as photos are shown to it; others of the same name stand beside it.
struct SeenLayer {
  std::string name;
  std::string sample; // what is kept of its maps
  Size input;
  std::string precision;
  Shape shape;
};

struct SkippedPhoto {
  std::string file, reason;
};

class SeenDatabase {
public:
  // UserError where the file can't be used, or is of another net. `net` tells nets apart, `name` is for people. "" for
  // `file`: what is seen is kept until the end.
  SeenDatabase(const std::filesystem::path &file, const std::string &net, const std::string &name);

  // Its number here, from 0.
  std::size_t layer(const SeenLayer &layer);
  // What is asked of is none of them any more; the listing stays.
  void forget_layers() { layers_.clear(); }

  // Between them, what is in the folder: what else the database holds does not count, and is kept for when it comes
  // back.
  void begin_listing();
  void found(const FoundPhoto &photo);
  void end_listing();
  // Anew, of the same listing, where the layers are others now.
  void find_missing();

  std::int64_t photos() const { return photos_; }   // in the folder
  std::int64_t missing() const { return missing_; } // of those, that some of the layers have not seen
  std::optional<FoundPhoto> next();                 // of the missing ones, by name

  // What is kept in a batch is there afterwards as a whole, or not at all.
  Transaction batch() const { return Transaction(sqlite_); }
  // Of each layer, in their order. `size`: of the photo. Its number, as each() has it.
  std::int64_t keep(const FoundPhoto &photo, Size size, const std::vector<Peaks> &peaks);
  void keep_fault(const FoundPhoto &photo, const std::string &reason);

  // Calls `use` for all photos of the folder that the layer has seen, in an order that may be any.
  void each(std::size_t layer, const std::function<void(std::int64_t photo, const Peaks &)> &use);
  struct Photo {
    std::string path;
    Size size;
  };
  Photo photo(std::int64_t number);
  std::vector<SkippedPhoto> faults(); // of the folder's photos, by name

private:
  void open(const std::string &net, const std::string &name);
  std::int64_t take_in(const FoundPhoto &photo, Size size, const std::string *fault);

  Sqlite sqlite_;
  struct Layer {
    std::int64_t id;
    Shape shape;
    std::uint32_t positions() const {
      return static_cast<std::uint32_t>(shape.h) * static_cast<std::uint32_t>(shape.w);
    }
  };
  std::vector<Layer> layers_;
  std::optional<Statement> find_, photo_; // prepared once
  std::int64_t photos_ = 0, missing_ = 0, given_ = 0;
};

} // namespace convscope
