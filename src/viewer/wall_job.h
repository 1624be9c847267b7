// The wall's pictures: a layer's feature maps of the photo, and an optimized image of each channel, batch by batch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/optimize_run.h"
#include "session/session.h"
#include "viewer/atlas.h"
#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

class WallJob {
public:
  // Of the layer's channels; `tile` is the side of a tile's image, or of the square that has as many pixels. UserError
  // where the net has no such layer, or the device no room.
  WallJob(Session &session, const std::string &layer, int tile, const Slicing &slicing);

  const std::string &layer() const { return layer_; }
  const Shape &map_shape() const { return map_shape_; } // of the photo last shown
  const std::vector<TileState> &tiles() const { return tiles_; }
  const Atlas &maps() const { return maps_; }
  const Atlas &images() const { return images_; }

  // Fills the maps from the layer's output, and keeps a copy of that.
  void show_features(const Activations &features);
  void forget_features(); // there is no photo any more
  bool has_features() const { return features_.bytes() > 0; }
  vulkan::Slice features() const { return features_.slice(); } // of map_shape()
  void read_features(std::vector<float> &into) const;          // which is as long

  // The optimized images as far as they have come, but for dead units'; `objective` is the channel.
  std::vector<OptimizedImage> images_so_far() const;
  const Recipe &recipe() const { return recipe_; }
  std::uint64_t seed() const { return seed_; }
  Size image_size() const { return image_; }

  // The recipe of the images from now on; those that were made with another begin again.
  void set_recipe(const Recipe &recipe, std::uint64_t seed);
  // Leaves off in the middle of a visit, for good: what the window may still see stays.
  void stop();
  void try_again() { impossible_ = false; } // what could not be done
  // Whether any tile wants more steps, and can have them; the ones in view go first.
  bool wants_work(const std::vector<int> &in_view) const;
  // Runs one slice; true where tiles have changed. UserError, once, where the net or the device can't do it.
  bool advance(const std::vector<int> &in_view);

private:
  bool finished(int channel) const;
  void begin_batch(const std::vector<int> &in_view);
  void plan_batch(int steps);
  void end_batch();
  void show_batch();

  Session &session_;
  NodeId node_;
  std::string layer_;
  int tile_;
  Slicing slicing_;
  Size image_; // of the recipe
  Shape map_shape_;
  Atlas maps_, images_;
  vulkan::Buffer features_, maxima_;
  std::vector<TileState> tiles_;
  Recipe recipe_;
  std::uint64_t seed_ = 0;
  bool impossible_ = false; // to optimize with this recipe

  std::vector<int> batch_; // channels
  std::optional<Optimization> optimization_;
  int until_ = 0; // steps of this visit
  struct Kept {   // at the end of a tile's last visit: to go on with, and to save
    OptimizedImage image;
    OptimizationState state;
  };
  std::vector<Kept> kept_; // by channel; without steps where there was no visit yet
};

} // namespace convscope::viewer
