// What the worker does on its thread: it obeys wishes, advances the focus and the wall slice by slice, fills the
// textures and tells the window what there is.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "doctor/doctor.h"
#include "session/optimize_run.h"
#include "session/session.h"
#include "viewer/aim.h"
#include "viewer/atlas.h"
#include "viewer/examples_job.h"
#include "viewer/focus_job.h"
#include "viewer/lens_job.h"
#include "viewer/session_file.h"
#include "viewer/state.h"
#include "viewer/turns.h"
#include "viewer/wall_job.h"

namespace convscope::viewer {

// Textures that the window samples. Replaced as a whole when `generation` changes: the window then must drop its ids
// (Window::forget_textures) before it calls Worker::textures_seen(generation), after which the old ones are freed.
struct Textures {
  const Atlas *maps = nullptr;     // of the wall, cell = channel
  const Atlas *images = nullptr;   // of the wall, cell = channel
  const Atlas *focus = nullptr;    // cells as state.h names them
  const Atlas *photo = nullptr;    // cell 0
  const Atlas *timeline = nullptr; // cells as Moment::cell
  const Atlas *grid = nullptr;     // the pictures of LensState::Grid::cells
  const Atlas *groups = nullptr;   // the photo with all groups, then with each
  const Atlas *examples = nullptr; // the crops of ExamplesState::top
  const Atlas *example_photos = nullptr;
  int generation = 0;
};

struct SaveRequest {
  enum class What { focus, wall, grid, session } what = What::focus;
  std::string path;
};

// The focused image, the wall's, or a grid, and what they were made by.
struct SavedPicture {
  std::string path;
  ModelRequest model;
  std::vector<std::string> objectives;
  std::vector<OptimizedImage> images; // one an objective
  Recipe recipe;
  Size size;       // of the image
  Size input_size; // what it is resized to for the net; not given where it is not
  std::uint64_t seed = 0;
  bool untouched = true;              // by controls changed on the way: the same command line makes the same images
  int variants = 1;                   // the images are that many of one objective, which is named as often
  std::string path_from{}, path_to{}; // or go from this one to that one; "" where they do not
  std::string photo{}, style{};       // that the objectives compare with; "" where they do not
  bool from_photo = false;            // it is what they began with, too
  bool opacity = false;               // the images have one
  std::optional<SavedGrid> grid{};    // instead of objectives and their images: of `photo`
};
// Writes it; UserError where that can't be done. Called on the worker's thread.
using Saver = std::function<void(Session &, const SavedPicture &)>;

class Workshop {
public:
  // How it tells: the whole state, and the textures alone where some are taken out of use at once.
  struct Telling {
    std::function<void(Snapshot, const Textures &)> all;
    std::function<void(const Textures &)> textures;
  };
  Workshop(Session &session, Saver saver, Telling telling);
  ~Workshop() { session_.programs().watch({}); }
  Workshop(const Workshop &) = delete;
  Workshop &operator=(const Workshop &) = delete;

  // Brings about what is wished, where it differs from the wish before; with `restoring`, the focus goes on from there.
  // What can't be done is told as Snapshot::message. Of a net that can't be loaded nothing is brought about: all that
  // was made with the one before stays.
  void obey(const Wish &next, const std::optional<SavedFocus> &restoring);
  const Wish &wish() const { return now_; } // that it was given last
  bool has_work() const;
  void work(); // one slice
  void save(const SaveRequest &request);
  void free_textures(int seen); // retired before the generation that the window has seen
  // What can be kept without the device.
  SavedSession rescued() const { return {shown_wish(), focus_ ? focus_->rescued() : std::nullopt}; }

private:
  using Clock = std::chrono::steady_clock;
  bool attempt(const std::function<void()> &function); // whether it succeeded, without UserError
  bool load_model();
  void use_model();
  bool known(const std::string &layer) const;
  FocusTask task(const Wish &of) const;
  Recipe wall_recipe() const;
  void classify();
  ImageRgb8 read_picture(const std::string &path); // what is wrong with it all the same becomes the message
  void load_photo();
  void draw_photo();
  void load_style();
  void open_layer(const std::string &layer);
  void show_features();
  Wish shown_wish() const;
  void make_focus_cells(const FocusTask &task);
  void set_focus(const Wish &was, bool anew, const std::optional<SavedFocus> &restoring);
  void show_focus();
  void show_map();
  void set_lens(const Wish &was);
  void forget_lens();
  void look_through_lens();
  void show_groups();
  void begin_grid();
  void advance_grid();
  void show_grid();
  void set_examples();
  void settle_examples();
  void retire_wall();
  void retire(std::unique_ptr<Atlas> &atlas);
  void begin_device_check();
  void go_on_with_device_check();
  void measure();
  bool grid_wants_work() const;
  void say_busy(const std::string &what);
  void publish();
  Textures textures() const;
  Size input_size(const std::string &layer, const Recipe &recipe, Size image) const;
  SavedPicture wall_picture(const std::string &path) const;
  SavedPicture focus_picture(const std::string &path);
  SavedPicture grid_picture(const std::string &path);

  Session &session_;
  Saver saver_;
  Telling telling_;
  Slicing slicing_;
  int tile_;

  Wish now_, obeyed_; // as it was last given, and the last that was of the net that is there
  int answered_ = 0;  // Wish::models
  std::string layer_; // of the wall, be there one or not
  bool first_ = true;
  ImageRgb8 photo_, style_; // empty where there is none
  std::unique_ptr<WallJob> wall_;
  std::optional<FocusJob> focus_;
  LensJob lens_;
  ExamplesJob examples_;
  // Where the window may still sample one it is not moved in memory.
  std::unique_ptr<Atlas> focus_atlas_, photo_atlas_, grid_atlas_, groups_atlas_, examples_atlas_, example_photos_atlas_;
  Atlas timeline_atlas_;
  int generation_ = 0; // of the textures
  // Textures that the window may still sample: freed once it has seen the generation that follows.
  struct Retired {
    int generation;
    std::unique_ptr<WallJob> wall;
    std::unique_ptr<Atlas> atlas;
  };
  std::vector<Retired> retired_;
  MapState map_; // in the focus's map_cell
  std::vector<LayerRow> rows_;
  bool refused_ = false;
  std::vector<Guess> guesses_;
  std::string message_, busy_, photo_name_, style_name_, failure_;
  Reading reading_; // of the wish's draft
  Snapshot told_last_;
  std::optional<doctor::Examination> examination_; // of the device; all else waits for its end
  DeviceCheck device_check_;
  int failed_saves_ = 0;
  int free_steps_ = 0; // single steps that were asked for
  Turns turns_;        // of the focus, the grid, the wall and the examples
  double step_seconds_ = 0;
  Clock::time_point step_began_ = Clock::now(), told_ = Clock::now(), grid_shown_ = Clock::now();
};

} // namespace convscope::viewer
