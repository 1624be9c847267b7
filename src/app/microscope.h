// The options of `microscope`, and a shard of its work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

inline constexpr int most_shards = 100000;

struct Shard {
  int index = 0, count = 1;
};

struct MicroscopeOptions {
  std::string model, folder, channels, size, images, database, recipe = "lucid";
  std::vector<std::string> layers, photos, atlases;
  int steps = 0, batch = 0; // 0: not given
  int diversity = 0;        // faces of a unit
  std::uint64_t seed = 0;
  bool negative = false, neuron = false, preview = false, finish = false;
  std::optional<Shard> shard;
  std::optional<std::string> slurm; // sbatch's options
  int shards = 0;                   // tasks of it
};

struct Context;
struct ExamplesRequest;
struct PictureSettings;
struct RenderRequest;
struct Survey;
class SiteStore;
// The photos of --images that excite each unit most, into the site. False where Ctrl-C ended it: the same command goes
// on. UserError for a folder or a database that can't be used.
bool add_photos(Context &context, const MicroscopeOptions &options, const Survey &survey, const SiteStore &store);
// What both ask of that folder.
ExamplesRequest photos_request(const MicroscopeOptions &options);

// The layers of --atlas. UserError for those that the net does not have, or not with positions.
std::vector<NodeId> atlas_nodes(const Context &context, const MicroscopeOptions &options);
// Their atlases, once add_photos() has seen all photos. False where Ctrl-C ended it. `base`: what all pictures'
// settings say.
bool add_atlases(Context &context, const MicroscopeOptions &options, const PictureSettings &base,
                 const RenderRequest &render, const SiteStore &store);

} // namespace convscope
