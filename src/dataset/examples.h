// Which photos of a folder excite a layer's channels most, and what part of them does: dataset examples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/size.h"
#include "dataset/ranking.h"
#include "dataset/seen_database.h"
#include "io/image.h"
#include "session/session.h"

namespace convscope {

class PhotoReader;
class Tally;
struct ReadPhoto;

struct Box { // pixels of the photo, as it is to be seen
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Box &) const = default;
};

struct Example {
  std::string file; // from the folder, with '/'
  float value = 0;  // the channel's maximum over the photo
  int x = 0, y = 0; // its position in the map
  Box box;          // what of the photo can reach that position: its receptive field, without what lies outside
};

struct ChannelExamples {
  int channel = 0;
  std::vector<Example> top; // first the largest; photos that leave the channel silent are never among them
  std::int64_t photos = 0;  // that were seen
  std::int64_t excited = 0; // of those, with a maximum above 0
  Histogram histogram;      // of the photos' maxima, as far as they are finite
};

// A layer's activations at one position of each photo, those that are 0 everywhere or not finite left out.
struct PositionExamples {
  Array vectors;                  // (N,C), by the photos' names
  std::vector<std::string> files; // of each row
  std::vector<int> x, y;          // in the map
  std::int64_t left_out = 0;
};

struct ExamplesRequest {
  std::filesystem::path folder;
  std::vector<NodeId> layers;    // of session.graph()
  std::vector<NodeId> positions; // layers that one position of each photo is kept of, drawn by `seed` and its name
  std::uint64_t seed = 0;
  std::vector<int> channels;      // of each layer, that results are wanted of; empty: all
  int top = 9;                    // photos of a channel
  std::filesystem::path database; // what was seen before and is seen now; "": of this run alone
  // Where there is no `database`: a folder for databases, made where it is not there, of which one is of this net and
  // this folder of photos.
  std::filesystem::path databases;
  // What the net gets; not given: its own size. It is the part in the photo's middle that has its proportions.
  InputSize input_size;
  int batch = 0;                      // photos in a forward pass; 0: by the device, as far as its memory goes
  std::vector<std::string> leave_out; // of the folder, as Example::file has them: what is written there itself
  std::function<void(std::int64_t found)> listing; // told now and then while the folder is read
  // Beside other work: open() is called later, by whichever thread, and ends early where `stopped` says so; slices are
  // short; of one layer, what is known of each channel is at hand at any time.
  bool live = false;
  std::function<bool()> stopped;
};

struct ExamplesProgress {
  std::int64_t photos = 0;     // of the folder
  std::int64_t before = 0;     // of those, seen in former runs
  std::int64_t done = 0;       // in this one, with those that can't be read
  double database_seconds = 0; // of this run, in which it wrote what was seen
  std::int64_t left() const { return photos - before - done; }
};

class ExamplesRun {
public:
  // Reads the folder's list (but where request.live), not yet the photos. UserError for a folder without photos, a
  // database that can't be used, and layers that the net does not have at this size.
  ExamplesRun(Session &session, ExamplesRequest request);
  ~ExamplesRun();
  ExamplesRun(const ExamplesRun &) = delete;
  ExamplesRun &operator=(const ExamplesRun &) = delete;

  // Once for the constructor and for each look_at(). The session may do other work meanwhile, this object not.
  void open();
  // Another layer of the same listing; then open(). UserError where the net does not have it at this size.
  void look_at(NodeId layer);

  bool done() const { return progress_.left() == 0; }
  // The next batch: it is in the database afterwards. UserError where the folder is gone.
  void advance();
  // The same, no longer than a slice of it takes; whether a batch has come to its end.
  bool advance_slice();
  ExamplesProgress progress() const { return progress_; }
  Size input() const { return input_; } // of the net
  std::vector<SkippedPhoto> skipped();  // the folder's photos that can't be read, so far, by name
  std::int64_t seen() const { return progress_.before + progress_.done - skipped_; } // that have been read

  // Of what has been seen by then, of request.channels. `layer` is of request.layers.
  std::vector<ChannelExamples> results(NodeId layer);
  // The same of one channel, of a live run's layer. UserError where that has none of the number.
  ChannelExamples result(int channel);
  // The same of request.positions.
  PositionExamples positions(NodeId layer);

private:
  void ask(NodeId layer, bool position);
  void find_database();
  void plan();
  void fill_reader();
  bool gather(double patience);
  void keep();
  void tally(std::size_t asked, Tally &into);
  std::vector<ChannelExamples> examples_of(std::size_t asked, const Tally &tally, std::size_t first, std::size_t count);
  std::vector<Peaks> kept(std::size_t asked, const std::vector<ReadPhoto> &photos) const;
  std::string net_identity() const;

  Session &session_;
  ExamplesRequest request_;
  Size input_;
  std::vector<Asked> asked_;  // request_.layers, then request_.positions
  std::vector<Shape> shapes_; // of each
  std::string net_;           // what its maxima follow from, but for the weights' content
  std::vector<SeenLayer> seen_layers_;
  std::unique_ptr<SeenDatabase> database_;
  Ranking::Before before_;
  std::unique_ptr<Tally> tally_; // of a live run
  ExamplesProgress progress_;
  std::int64_t skipped_ = 0;
  std::vector<SkippedPhoto> gone_; // that could not be opened this time
  std::unique_ptr<PeaksPlan> plan_;
  int batch_ = 0;
  std::unique_ptr<PhotoReader> reader_;
  struct Batch; // on its way
  std::unique_ptr<Batch> under_way_;
};

// That photo's part, read again. UserError where the file is gone or damaged.
ImageRgb8 crop(const std::filesystem::path &folder, const Example &example);
// The same of many, in their order, each made smaller where a side is longer than `side`; each file is read once, by
// all of the host's cores. Where it can't be read, a picture without pixels.
std::vector<ImageRgb8> crops(const std::filesystem::path &folder, const std::vector<Example> &examples, int side);
struct ExamplePictures {
  ImageRgb8 crop, photo; // the photo made smaller in the same way
  Size size;             // of the photo
};
std::vector<ExamplePictures> crops_with_photos(const std::filesystem::path &folder,
                                               const std::vector<Example> &examples, int crop_side, int photo_side);

} // namespace convscope
