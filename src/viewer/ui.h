// The viewer's interface: what the user sees and does, as edits of a Wish.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/layer_groups.h"
#include "importer/zoo.h"
#include "viewer/config.h"
#include "viewer/place.h"
#include "viewer/session_file.h"
#include "viewer/state.h"
#include "viewer/wall_order.h"
#include "viewer/widgets.h"
#include "viewer/window.h"
#include "viewer/worker.h"

namespace convscope::viewer {

enum class Show { map, image, both };

// Images of an objective that are to differ, or of a path, and how far an accentuation's leash and that difference go.
inline constexpr int faces = 4, path_images = 6;
inline constexpr float shortest_leash = 0.01F, longest_leash = 100, least_difference = 1, largest_difference = 1e5F;

// What a path dialog is open for.
enum class Ask {
  nothing,
  photo,
  photos,
  style,
  model,
  weights,
  session,
  save_focus,
  save_wall,
  save_grid,
  save_session
};

struct Frame;

struct Ui {
  // Set before the first frame: what to begin with, the last session's choices, photos that come with the program.
  Wish wish;
  Config config;
  std::vector<std::string> samples;
  // Nothing in particular was asked for: the unit comes into focus that the photo excites the most.
  bool choose_focus = false;

  // One frame, inside Window::frame's `draw`. Takes dropped files, obeys keys, tells the worker the wish where it
  // changed, and lets go of textures that were replaced.
  void draw(const Snapshot &now, const Textures &textures, Window &window, Worker &worker);

  // What several panels and keys do.
  void open_photo(const std::string &path);
  void open_style(const std::string &path);    // to compare with
  void open_photos(const std::string &folder); // for the focused unit's examples
  void show_examples();                        // or not; asks for a folder where there is none
  void open_model(const ModelRequest &model, std::optional<ModelRequest> otherwise = {});
  // A photo, a net or weights by its content, a session by its ending, a folder of photos.
  void open_file(const std::string &path);
  void paste(const std::string &text);       // the path of one
  void ask(Ask what, std::string path = {}); // opens the path dialog
  void ask_to_save(Ask what);
  void ask_for_weights(const std::string &model);
  void focus(const std::string &layer, int channel);
  void find(const std::string &layer, int channel);    // the same, and the wall scrolls to it
  void ask_for(Aim::Kind kind, const FocusState &now); // of the focus; of a caricature, of the layer
  void look_at(Place place);                           // of the focused unit's map
  void look_through(Lens::Kind kind);                  // at the photo, in the wall's place; the same again: at the wall
  void run_grid(const Snapshot &now, bool anew = false); // begins, stops or goes on
  void type(const std::string &text);                    // as if it had been typed
  void ask_to_save_middle(const Snapshot &now);          // the wall, or the grid in its place
  void whole_channel();                                  // again, and not one place of it
  void fold_layers(bool fold);                           // all groups of them
  const std::vector<ZooEntry> &zoo();                    // looked up once: it asks the file system

  // The panels' own state.
  struct Wall {
    Show show = Show::both;
    WallSort sort = WallSort::index;
    bool evolve = true;
    std::vector<int> order; // of the layer and the sorting that it was made for
    std::string layer;
    WallSort sorted_by = WallSort::index;
    double sorted_at = 0;
    int columns = 1;
    float height = 0, pitch = 0; // as the grid was last drawn
    bool focus_in_view = false;
    int reveal = -1;  // a channel to scroll to
    std::string jump; // what is typed as a channel's number
  } wall;
  struct Layers {
    std::string filter;
    bool reveal = true, has_keys = false;
    std::vector<std::string> names; // of the net whose groups these are
    LayerGroup groups;
    std::set<const LayerGroup *> open; // of them; the others are folded
  } layers;
  struct ObjectiveField {
    std::string text;
    bool active = false, editing = false; // it has the keys; its text is not what is asked for
    bool entered = false;                 // to be asked for as soon as the worker has read it
    bool take_keys = false;               // with the next frame
  } objective, other_end;                 // of a path
  float controls_height = 0;              // as they were last drawn
  struct Dialog {
    Ask ask = Ask::nothing;
    std::string path, model; // of weights
    bool opening = false;    // with the next frame
    std::string problem;     // with the path
  } dialog;
  float map_opacity = 0.85F;             // where it is highest
  std::string second_recipe = "article"; // of A/B
  bool help = false;
  struct DeviceWindow {
    bool open = false;
    int begun = 0;    // checks so far
    std::string text; // of the last one, as it is shown and selected
  } device;
  struct Timeline { // follows the newest moment as long as it is in view
    std::size_t moments = 0;
    float width = 0;
    bool newest_in_view = true;
  } timeline;
  struct PhotoView {          // what of the photo is seen
    float zoom = 1;           // 1: all of it
    float u = 0.5F, v = 0.5F; // its middle
    bool hovered = false;     // so the wheel is its own
    bool changes = true;      // of an accentuation: where it was changed lies over it, not the unit's map
  } photo;
  struct LensView {
    PhotoView photo;
    float opacity = 0.85F;
    Place under, pinned; // where the strongest channels are asked for: by the pointer, by a click
    int group = -1;      // that is shown alone: the legend's under the pointer
    int channel = -1;    // whose map lies over the photo: the one under the pointer
  } lens;

  bool examples_rest = false; // photos are not looked at

  std::string notice; // what went wrong here, until the worker says something

private:
  bool asks_for_model() const { return answered_ != wish.models; }
  void open_session(const std::string &path);
  void settle(const Snapshot &now); // what follows from what arrived
  void settle_objective(const Snapshot &now);
  bool asks(ObjectiveField &field, const Snapshot &now) const;
  void leave_aim(); // for a unit's image
  void begin_path(const Aim &before);
  void focus_strongest(const Snapshot &now);
  void panes_of(Frame &frame);

  Wish sent_, before_model_;               // what was wished before another model was
  bool opens_session_ = false;             // and not the other net alone
  int answered_ = 0;                       // Wish::models
  std::string said_;                       // the worker's message, as it was last seen
  std::optional<ModelRequest> remembered_; // in the list of recent ones
  std::string remembered_photo_;
  std::optional<Unit> unit_before_;    // the last that was in focus
  std::optional<SavedFocus> resuming_; // with the wish that is sent next
  std::optional<std::vector<ZooEntry>> zoo_;
  Theme theme_ = Theme::dark; // as the window has it
  bool begun_ = false;
  int generation_ = 0;
};

// A path as it is pasted from a shell or a file manager: without quotes, file:// and ~.
std::string clean_path(std::string path);

// What a panel draws from and into.
struct Frame {
  Ui &ui;
  const Snapshot &now;
  const Textures &textures;
  Window &window;
  Worker &worker;
  float scale; // of all sizes
};

// Each fills the window or child that is current.
void draw_layers(Frame &frame);
void draw_wall(Frame &frame);
void sort_wall(const Frame &frame);
void draw_lens(Frame &frame);
void draw_focus(Frame &frame);
void draw_objective(Frame &frame);
// The focused unit's examples: whether they are to be seen, a button for that, their crops within a box, and a line
// that says how it goes.
bool shows_examples(const Frame &frame);
void examples_button(Frame &frame);
void draw_examples(Frame &frame, const Box &box, int columns);
void draw_examples_state(Frame &frame);
void draw_photo(Frame &frame, float max_height);
void draw_no_photo(Frame &frame, float height);
void draw_guesses(const Frame &frame);
void draw_controls(Frame &frame);
void draw_timeline(Frame &frame);
float timeline_height(const Frame &frame);
void draw_status_bar(Frame &frame);
// Windows of their own.
void draw_menu(Frame &frame);
void draw_help(Frame &frame);
void draw_device_check(Frame &frame);
void draw_path_dialog(Frame &frame);
bool escape_pressed(); // in this frame
void take_keys(Frame &frame);

} // namespace convscope::viewer
