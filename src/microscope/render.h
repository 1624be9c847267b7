// Makes the pictures of a site that are not there yet, batch after batch: what was kept is never made again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "importer/file_mark.h"
#include "io/image.h"
#include "microscope/store.h"
#include "microscope/survey.h"
#include "session/optimize_run.h"
#include "session/session.h"

namespace convscope {

struct SitePhoto { // that layers make caricatures of
  FileMark mark;
  Array picture; // (C,H,W), of the pictures' size
};

// What tells a picture's settings from another's.
struct PictureWork {
  std::string objective;
  const SitePhoto *photo = nullptr;
  int face = 0, faces = 1; // which it is of how many images of the objective
};

struct RenderRequest {
  Recipe recipe; // with its steps
  Size size;
  std::uint64_t seed = 0;
  int batch = 0; // units at once, 0: default_batch()
  std::vector<View> views{View::channel};
  std::vector<SitePhoto> photos;
  int faces = 0;        // of a unit, where `views` has them
  bool preview = false; // pictures that are no previews stay
  int shard = 0, shards = 1;
  // The settings that a picture carries, JSON, and what is drawn of an image.
  std::function<std::string(const PictureWork &work)> settings;
  std::function<ImageRgb8(const Array &image, const Progress &progress)> draw;
};

// What becomes of an image: all of its record but for which work it is.
Record record_of(const OptimizedImage &image, const ImageRgb8 &picture);
// The request of a batch of so many, whose objectives are to be put in.
std::size_t batch_of(const RenderRequest &request, Session &session);
OptimizeRequest batch_request(const RenderRequest &request, std::size_t batch);

// Which of so many shards has a layer's unit, given their places in the survey: blocks of units that make a batch.
int shard_of(std::size_t layer, std::size_t unit, std::size_t units, int shards);

// The pictures of a whole site, and those of them that are there with as many steps.
struct PictureCount {
  std::int64_t all = 0, there = 0;
};
PictureCount count_pictures(const Survey &survey, const SiteStore &store, const RenderRequest &request);

class Rendering {
public:
  Rendering(Session &session, const Survey &survey, const SiteStore &store, RenderRequest request);

  std::int64_t pictures() const { return before_ + static_cast<std::int64_t>(tasks_.size()); } // of this shard
  std::int64_t before() const { return before_; } // of those, there already
  std::int64_t made() const { return made_; }
  bool done() const { return next_ == tasks_.size() && !run_; }
  // Up to so many steps of the batch at hand; at its end its pictures are kept. UserError where that fails. Pictures of
  // a kind that a layer can't have are passed over: problems().
  void advance(int steps);
  double work_done() const;                             // in pictures
  double keep_seconds() const { return keep_seconds_; } // of drawing and writing pictures
  std::string where() const;                            // "conv3, 12 of 384"
  const std::vector<std::string> &problems() const { return problems_; }

private:
  struct Task {
    std::size_t layer = 0; // of the survey
    std::string stem;
    PictureWork of;
    std::string work = {}; // its settings' hash
    View view = View::channel;
    int unit = -1;                       // of a caricature none
    double difference = 0;               // of a face
    bool with(const Task &other) const { // in one batch
      return layer == other.layer && view == other.view && of.photo == other.of.photo &&
             (view != View::face || unit == other.unit);
    }
  };
  Task task(std::size_t layer, const std::string &stem, const PictureWork &of, View view = View::channel,
            int unit = -1) const;
  Task unit_task(std::size_t layer, int unit, View view) const; // of a view that is no face
  void add_unit(std::size_t layer, int unit, View view);
  void add(Task task);
  void add_faces(std::size_t layer, int unit);
  // `channel`: the record of the unit's own image, by whose value faces weigh that they differ.
  Task face_task(std::size_t layer, int unit, int face, const std::optional<Record> &channel) const;
  bool there(const Task &task) const;
  std::optional<Record> channel_record(std::size_t layer, int unit) const; // as it is now
  void begin_batch();
  void keep_batch();
  void pass_over(const std::string &why);

  Session &session_;
  const Survey &survey_;
  const SiteStore &store_;
  RenderRequest request_;
  std::vector<std::map<std::string, Record>> records_; // of each layer, as they were
  std::vector<Task> tasks_;
  std::size_t next_ = 0, end_ = 0; // of the batch at hand
  std::int64_t before_ = 0, made_ = 0;
  double keep_seconds_ = 0;
  std::optional<OptimizeRun> run_;
  std::vector<std::string> problems_;
};

} // namespace convscope
