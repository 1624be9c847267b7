// What the window and the worker tell each other: plain values, copied under a lock, no Vulkan.
// The window writes a Wish (what the user wants to see now); the worker answers with a Snapshot (what there is).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "importer/model.h"
#include "session/activation_groups.h"
#include "visualization/recipe.h"

namespace convscope::viewer {

// One unit of a layer, everywhere (its channel's mean) or at one place of its map; or all of the layer.
struct Unit {
  std::string layer;  // "" of a typed objective of the image alone
  int channel = 0;    // -1: the layer
  int x = -1, y = -1; // in the map; -1: the channel's mean
  bool operator==(const Unit &) const = default;
};
std::string objective_text(const Unit &unit); // "layer:channel", "layer:channel@x,y" or "layer"

// What is asked of the focused image.
struct Aim {
  enum class Kind { unit, faces, caricature, accentuation, typed, path };
  Kind kind = Kind::unit;
  std::string typed; // Kind::typed: the objective; Kind::path: the one that its images begin with
  int images = 1;    // of the objective, from starts of their own
  double leash = 5;  // of an accentuation: what it costs the image to leave the photo; of most units, both are seen
  std::string to{};  // Kind::path: the objective that its images end with
  double difference = 100; // of faces: what it is worth to them to differ
  bool operator==(const Aim &) const = default;
};
inline constexpr int most_images = 9; // of an objective
// Whether the objective is text, and not what a unit and its place say.
inline bool is_text(const Aim &aim) { return aim.kind == Aim::Kind::typed || aim.kind == Aim::Kind::path; }
// "unit - w*diversity(layer)", "caricature(layer)" and so on.
std::string objective_text(const Aim &aim, const Unit &unit);

// What becomes of a text that may be an objective, for this net and size.
struct Reading {
  std::string text;
  std::string problem;            // one line; "": it can be asked for
  std::size_t at = 0, length = 0; // of the text, in bytes: where the problem is; 0 long: nowhere in particular
  Unit unit;                      // that it is about: of its first term
  bool plain = false;             // it is that unit alone
  bool company = false;           // its images see each other
};

enum class StartFrom { noise, photo };

// How the focused unit is optimized. A change takes effect on the next step and keeps the image.
struct Controls {
  Recipe recipe = convscope::recipe("lucid");
  int size = 128; // of the image: a square, or as many pixels in the proportions of the net's input
  std::uint64_t seed = 0;
  StartFrom start = StartFrom::noise;
  bool opacity = false; // of the focus's images, where they start from noise
  bool operator==(const Controls &) const = default;
};

// A place of a picture, each 0 to 1; negative: none.
struct Place {
  float u = -1, v = -1;
  bool chosen() const { return u >= 0 && v >= 0; }
  bool operator==(const Place &) const = default;
};

// How the photo is looked at, large, in the wall's place: with the focused unit's map, as an activation grid, as groups
// of the layer's channels, or with the channels that are strongest under the pointer. All but the first are of the
// wall's layer.
struct Lens {
  enum class Kind { none, map, grid, groups, channels };
  Kind kind = Kind::none;
  int groups = 6;
  bool operator==(const Lens &) const = default;
};
inline constexpr int fewest_groups = 2, most_lens_groups = 12;

// A folder of photos, of which the focused unit's examples are.
struct PhotosWish {
  std::string folder;   // "": none
  std::string database; // what was seen is kept there; "": where the user's caches are
  bool runs = true;     // or rests, as far as it has come
  int opened = 0;       // an event: the same one again, perhaps
  bool operator==(const PhotosWish &) const = default;
};

struct Wish {
  ModelRequest model{"vgg16", "", ""};
  std::optional<ModelRequest> otherwise; // tried where that one can't be loaded: a dropped file may be either
  std::string photo;                     // a file; "" for none
  std::string style;                     // the same, of the picture that style() compares with
  PhotosWish photos_seen;                // by the focused unit's layer
  std::string layer;                     // of the wall
  std::vector<int> in_view;              // channels of the wall's tiles in view, in order: they go first
  bool wall_images = true;               // whether the wall's optimized images evolve
  std::optional<Unit> focus;
  Place place;                  // of the focused unit, on the photo: instead of its x and y
  Aim aim;                      // of the focus
  std::string draft;            // an objective that is being typed: the worker tells what it thinks of it
  Controls controls;            // of the focus, and of the wall but for the size
  std::optional<Controls> own;  // to go back to from an aim with a recipe of its own: the wall keeps to them
  std::optional<Recipe> second; // A/B: another recipe for the same unit and seed
  bool running = true;
  Lens lens;
  bool grid_runs = false; // or rests, as far as it has come
  // Events, as counters that only grow: the worker acts on each change once.
  int models = 0, photos = 0, styles = 0; // were opened: the same ones again, perhaps
  int answered = 0;                       // Snapshot::models as the window knows it
  int single_steps = 0, restarts = 0;
  int rewind = 0; // with rewind_to: continue the focus from that moment of its history, as a branch
  int rewind_to = 0;
  int grids = 0;        // were begun
  int device_check = 0; // 0: none, or no longer; each other number is one of its own
  bool operator==(const Wish &) const = default;
};

struct LayerRow {
  std::string name, kind;
  int channels = 0, height = 0, width = 0; // of the output, at the net's default size; 0 where the layer has no maps
  std::int64_t parameters = 0;
  bool objective = false;
};

enum class Health { well, waiting, dead, saturated, diverging };

struct TileState {
  float map_max = 0; // the feature map's maximum for this photo: what sorting by activation uses
  float value = 0;   // the objective, at the last step
  int steps = 0;     // of its optimized image; 0: none yet
  Health health = Health::waiting;
};

// A moment of the focus's history: a thumbnail in the timeline's atlas, cell `cell`.
struct Moment {
  int step = 0, branch = 0, cell = 0;
  float value = 0;
};

// How far an optimization is.
struct RunState {
  int steps = 0;
  Health health = Health::waiting;
  std::vector<float> values, norms; // of the last steps
};

// The unit's map of the photo, as it is drawn. Its size may differ from other layers' in proportion by a rounding.
struct MapState {
  std::string layer;
  int channel = -1; // there is none
  int width = 0, height = 0;
  float part = 0; // of the part of this shape (width over height) in the photo's middle; 0: of all of it
};

// Cells of Textures::focus: the unit's map of the photo, where an accentuated photo was changed, the images, and those
// of A/B's second recipe.
inline constexpr int map_cell = 0, change_cell = 1;
inline int image_cell(int images, bool second, int which) { return 2 + (second ? images : 0) + which; }

struct FocusState {
  std::optional<Unit> unit;
  Aim aim;
  std::string objective; // as it is asked
  int images = 1;
  bool company = false;      // the images see each other: there are two at least
  bool changes = false;      // there is a change_cell
  Size input_size;           // of the net, where its layer needs that one; else not given
  int width = 0, height = 0; // of what is seen: an image, or the mosaic of its planes
  Size image;                // an image's own size: its proportions are of what it shows of a photo
  int branch = 0;
  RunState first;
  std::optional<RunState> second; // A/B
  MapState map;
  std::vector<Moment> history;
};

// What the lens shows of the wall's layer. What is shared does not change any more.
struct LensState {
  std::string layer;                 // "": nothing is there
  std::shared_ptr<const Array> maps; // (C,H,W), of the photo
  float part = 0;                    // of the photo that they are of, as MapState has it
  std::shared_ptr<const ActivationGroups> groups;
  std::string groups_problem; // why there are none
  struct Cell {
    int x = 0, y = 0;
    float side = 1; // of its picture, over the cell's
  };
  struct Grid {
    std::shared_ptr<const std::vector<Cell>> cells; // as Textures::grid has them
    int columns = 0, rows = 0;
    int step = 0, steps = 0; // step 0: nothing to see yet
    float visits = 0;        // steps that a cell was in, on average
    float border = 0;        // of a cell's picture, that is not shown
  };
  std::optional<Grid> grid;
};

// The photos of a folder that excite the focused unit most, and how far looking at all of them is.
struct ExamplesState {
  enum class Stage { none, listing, looking, done };
  struct Shown {
    std::string file; // from the folder
    float value = 0;
    float left = 0, top = 0, right = 1, bottom = 1; // what the unit sees, of the photo's width and height
    float crop_aspect = 1, photo_aspect = 1;        // width over height
    bool readable = true;                           // or the file is gone or damaged by now
  };
  std::string folder; // "": none was chosen
  Stage stage = Stage::none;
  std::string problem;    // why it can't go on
  std::string layer;      // that looks; "": none
  std::int64_t found = 0; // while it is listed
  std::int64_t photos = 0, looked_at = 0;
  std::vector<std::string> skipped; // photos that can't be read, with the reason; the first few
  std::int64_t skipped_count = 0;
  double seconds_left = -1;           // negative: not known yet
  std::optional<Unit> shown;          // whose these are
  std::int64_t seen = 0, excited = 0; // photos, and those in which it is above 0
  std::vector<Shown> top;             // in the order of Textures::examples and Textures::example_photos
};
inline constexpr int shown_examples = 9;

// A class that the photo may show.
struct Guess {
  std::string label; // or its number
  double probability = 0;
};

// Whether the device computes everything right: `convscope doctor --quick`.
struct DeviceCheck {
  int number = 0; // the Wish::device_check that it answers
  std::size_t done = 0, parts = 0;
  std::string next; // what it is at
  std::string text; // what came of it, at the end
  std::string verdict;
  bool all_right = false;
};

struct Snapshot {
  ModelRequest model;         // that is loaded
  int models = 0;             // Wish::models that this answers
  bool refused = false;       // the last one could not be loaded, and the one before stays
  Size net_size{224, 224};    // of the net's input: what the layers' sizes are for
  int planes = 3;             // of its picture
  bool one_picture = true;    // these are one, not a mosaic
  std::vector<Guess> guesses; // the likeliest first; empty without a classifier or a photo
  std::string device, driver, precision = "fp32";
  std::vector<LayerRow> layers;
  std::string layer;                   // of the wall, as shown
  int map_width = 0, map_height = 0;   // of its maps of the photo; 0 while there are none
  int tile_width = 0, tile_height = 0; // of its images, as they are seen
  std::vector<TileState> tiles;        // by channel
  Reading reading;                     // of the draft
  bool has_photo = false;
  std::string photo; // as shown: one that can't be read leaves the one before
  int photo_width = 0, photo_height = 0;
  std::string style; // as `photo`
  FocusState focus;
  LensState lens;
  ExamplesState examples;
  double steps_per_second = 0, ms_per_step = 0; // of the focus or, without one, of the wall
  std::uint64_t memory_used = 0, memory_total = 0;
  DeviceCheck device_check;
  std::string busy;     // "loading vgg16", "" when steadily at work
  std::string message;  // the last thing that went wrong, or was written: one line, or ""
  int failed_saves = 0; // so far
  std::string failure;  // of the last of them
};

} // namespace convscope::viewer
