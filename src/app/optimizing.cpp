#include "app/optimizing.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "app/interpolating.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/progress.h"
#include "app/spectrum.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "figure/feature_grid.h"
#include "figure/grid.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/resize.h"
#include "session/accentuation.h"
#include "session/input_size.h"
#include "session/recipe_json.h"
#include "visualization/interpolation.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameters_of.h"

namespace convscope {

namespace {

// The shape of the file's spectra or pixels for images of that size, or of any (none given), but for how many.
void check_init_shape(const Array &init, const Recipe &recipe, int planes, Size size, const std::string &file) {
  if (recipe.parameterization != ParameterizationKind::fft && recipe.parameterization != ParameterizationKind::pixel) {
    if (!size.given())
      throw UserError(fmt::format("--init {}: parameters of '{}' do not tell the size: --size is needed", file,
                                  form_of(recipe.parameterization).name));
    return; // the rest is said where they are used
  }
  const bool spectral = recipe.parameterization == ParameterizationKind::fft;
  const auto fail = [&](const std::string &rows, const std::string &columns) {
    throw UserError(fmt::format("--init {}: its shape is ({}), where (1 or N, {}, {}, {}{}) is needed{}", file,
                                fmt::join(init.shape, ", "), planes, rows, columns, spectral ? ", 2" : "",
                                size.given() ? fmt::format(" for {}x{}", size.width, size.height) : ""));
  };
  const auto &s = init.shape;
  if (s.size() != (spectral ? 5 : 4) || s[0] < 1 || s[1] != planes || s[2] < 1 || s[3] < 1 ||
      (spectral && (s[2] < 2 || s[3] < 2 || s[4] != 2)))
    fail("H", spectral ? "W/2+1" : "W");
  if (!size.given())
    return;
  const Margins wanted = margins_of(recipe, size.height, size.width);
  const int columns = spectral ? wanted.width / 2 + 1 : wanted.width;
  if (s[2] != wanted.height || s[3] != columns)
    fail(std::to_string(wanted.height), std::to_string(columns));
}

// The size of images whose spectra or pixels are the file's: of a spectrum, which is as that of somewhat smaller images
// and does not tell an even width from the odd one that follows, the whole.
Size size_of_init(const Array &init, const Recipe &recipe, int planes, const std::string &file) {
  check_init_shape(init, recipe, planes, {}, file);
  const bool spectral = recipe.parameterization == ParameterizationKind::fft;
  const auto &s = init.shape;
  const std::int64_t width = spectral ? 2 * (s[3] - 1) : s[3];
  if (s[2] > largest_size || width > largest_size)
    throw UserError(fmt::format("--init {}: a side may have at most {} pixels", file, largest_size));
  for (const std::int64_t side : {s[2], width})
    if (spectral && spectrum_side(static_cast<int>(side)) != side)
      throw UserError(
          fmt::format("--init {}: no spectrum has a side of {}: its prime factors must be 2, 3, 5 and 7", file, side));
  return {static_cast<int>(width), static_cast<int>(s[2])};
}

// The proportions of what the net gets, where it needs others than a square's.
Size default_size(const Session &session, const PictureSettings &settings) {
  if (settings.command == "optimize" && settings.input_size.given())
    return image_size(settings.recipe, settings.recipe.size, settings.input_size.size());
  for (const std::string &text : texts_of(settings)) {
    const std::vector<NodeId> layers = layers_of(session.objective(text));
    const Size size = image_size_for(session.model(), layers, settings.recipe, settings.recipe.size);
    if (size.width != size.height)
      return size;
  }
  return square(settings.recipe.size);
}

bool is_picture(const std::string &init) { return lower_extension(init) != ".npy"; }

// One start for all the objectives, or one for each; of a picture, its parameters.
Array read_init(Context &context, const PictureSettings &settings, const std::vector<int> &starts) {
  if (is_picture(settings.init->file))
    return parameters_of(
        context.session.picture(context.read_picture(settings.init->file), {settings.width, settings.height}),
        settings.recipe);
  Array all = read_npy(settings.init->file);
  check_finite(all, settings.init->file);
  if (all.shape.empty() || all.shape[0] == 1)
    return all;
  const auto each = static_cast<std::ptrdiff_t>(all.data.size()) / all.shape[0];
  Array chosen{all.shape, {}};
  chosen.shape[0] = static_cast<std::int64_t>(starts.size());
  for (const int start : starts) {
    if (start >= all.shape[0])
      throw UserError(
          fmt::format("{}: has {} starts, number {} is not among them", settings.init->file, all.shape[0], start));
    const auto from = all.data.begin() + start * each;
    chosen.data.insert(chosen.data.end(), from, from + each);
  }
  return chosen;
}

double mean_value(const std::vector<Progress> &progress) {
  double sum = 0;
  for (const Progress &p : progress)
    sum += p.values.empty() ? 0 : p.values.back();
  return progress.empty() ? 0 : sum / static_cast<double>(progress.size());
}

nlohmann::ordered_json report_of(const OptimizedImage &image, const std::string &objective) {
  const Progress &p = image.progress;
  nlohmann::ordered_json json = {{"objective", objective},
                                 {"steps", image.steps},
                                 {"state", p.state == Progress::State::running ? "done"
                                           : p.state == Progress::State::dead  ? "dead"
                                                                               : "stopped"}};
  if (p.stopped_at >= 0)
    json["stopped_at"] = p.stopped_at;
  json["values"] = p.values;
  json["gradient_norms"] = p.norms;
  return json;
}

// Says which units gave nothing, and which objectives were not reached.
void tell_states(const Outcome &outcome) {
  for (const OptimizedImage &image : outcome.images) {
    const std::string text = title_of(outcome.objectives[image.objective]);
    if (image.progress.state == Progress::State::dead)
      tell(fmt::format("objective '{}': no response: the unit stayed dead, a plain tile stands for it", text));
    if (image.progress.state == Progress::State::stopped)
      tell(fmt::format("objective '{}': stopped at step {}: not a number; {}", text, image.progress.stopped_at,
                       has_picture(image.progress) ? "its last good image is kept" : "a plain tile stands for it"));
  }
  if (outcome.images.size() < outcome.objectives.size())
    tell(fmt::format("{} of {} objectives were not begun", outcome.objectives.size() - outcome.images.size(),
                     outcome.objectives.size()));
}

} // namespace

Recipe recipe_of(const OptimizeOptions &options) {
  Recipe r = recipe_by(options.recipe);
  if (!options.parameterization.empty())
    set_parameterization(r, parameterization_kind(options.parameterization, "--parameterization"));
  else if (!options.from.empty() && r.parameterization == Recipe{}.parameterization)
    follow_path(r);
  if (!options.colours.empty()) {
    if (options.colours != "decorrelated" && options.colours != "rgb")
      throw UserError(fmt::format("--colours '{}': must be decorrelated or rgb", options.colours));
    r.decorrelate_colours = options.colours == "decorrelated";
  }
  if (options.steps > 0)
    r.steps = options.steps;
  r.lr = options.lr.value_or(r.lr);
  return r;
}

CLI::Option *add_optimize_options(CLI::App &app, OptimizeOptions &options) {
  CLI::Option *const objective = app.add_option("--objective", options.objectives,
                                                "What to maximize, such as block3_conv1:13; again for another image");
  objective->type_name("O")->allow_extra_args(false);
  add_text(app, "--recipe", options.recipe, fmt::format("{}, or a file, .json", fmt::join(recipe_names(), ", ")), "R");
  add_text(app, "--size", options.size,
           "Of the image, N or WxH [128; as many pixels in its proportions where the net needs another shape]",
           "N|WxH");
  add_integer(app, "--steps", options.steps, 1, most_steps, "Optimization steps [the recipe's]");
  add_seed(app, options.seed);
  add_lr(app, options.lr);
  add_integer(app, "--batch", options.batch, 1, 10000,
              "Most images at once, as far as memory goes [16, on a CPU device 4]");
  add_integer(
      app, "--variants", options.variants, 1, most_variants,
      "Images of each objective [1]; diversity() and alignment() are between them, so that none is the same alone");
  add_text(app, "--photo", options.photo, "What caricature(), match() and stay() compare with", "F");
  add_text(app, "--style", options.style, "The picture of style()", "F");
  add_text(
      app, "--parameterization", options.parameterization,
      fmt::format("{}, instead of the recipe's; the images of a batch of shared have a part in common, so that none "
                  "is the same alone",
                  fmt::join(parameterization_names(), ", ")),
      "P");
  add_text(app, "--spectrum", options.spectrum,
           "Magnitudes of maco: a folder of photos, or (C,H,W/2+1) float32 [those of everyday photos]", "DIR|F.npy");
  add_text(app, "--colours", options.colours, "decorrelated (as the recipes have it) or rgb", "C");
  return objective;
}

void add_print_recipe(Command &command, OptimizeOptions &options) {
  command.alone = command.parser->add_flag("--print-recipe", options.print_recipe,
                                           "Print the recipe with what else is given as JSON, for --recipe, and end");
}

void print_recipe(const OptimizeOptions &options) {
  Recipe recipe = recipe_of(options);
  if (!options.size.empty()) {
    const Size size = parse_size(options.size, "--size");
    if (size.height != size.width)
      throw UserError(fmt::format("--size {}: a recipe's is one side, of a square", options.size));
    recipe.size = size.width;
  }
  fmt::print("{}\n", to_json(recipe).dump(2));
}

std::vector<Output> files_of(const OptimizeOptions &options) {
  return {{"--init", options.init, ""},
          {"--photo", options.photo, ""},
          {"--style", options.style, ""},
          {"--spectrum", options.spectrum, ""},
          {"--recipe", names_recipe_file(options.recipe) ? options.recipe : "", ""}};
}

void apply(const OptimizeOptions &options, Context &context, PictureSettings &settings) {
  if (!options.from.empty()) {
    settings.path = {options.from, options.to, images_of(options)};
    for (const Objective &objective : path_of(context.session, *settings.path)) {
      settings.objectives.push_back(objective.text);
      settings.which.push_back(objective.variant);
    }
  }
  for (const std::string &objective : options.objectives)
    for (int variant = 0; variant < options.variants; ++variant) {
      settings.objectives.push_back(objective);
      settings.which.push_back(variant);
    }
  settings.variants = options.variants;
  settings.recipe = recipe_of(options);
  settings.steps.assign(settings.objectives.size(), settings.recipe.steps);
  if (!options.photo.empty())
    settings.photo = mark_file(options.photo);
  if (!options.style.empty())
    settings.style = mark_file(options.style);
  for (const std::string &text : texts_of(settings))
    mark_vectors(context.session.objective(text), settings);
  settings.opacity = options.opacity;
  settings.seed = options.seed;
  settings.batch = options.batch;
  Size size;
  if (!options.size.empty())
    size = parse_size(options.size, "--size");
  if (!options.spectrum.empty()) {
    if (settings.recipe.parameterization != ParameterizationKind::maco)
      throw UserError(
          fmt::format("--spectrum {}: is maco's: --recipe maco or --parameterization maco", options.spectrum));
    settings.spectrum = mark_spectrum(options.spectrum);
  }
  if (!options.draw_size.empty()) {
    settings.draw_size = parse_size(options.draw_size, "--draw-size");
    if (settings.recipe.parameterization != ParameterizationKind::cppn)
      throw UserError("--draw-size: only images of --parameterization cppn can be drawn at any size");
  }
  if (!options.init.empty() && is_picture(options.init)) {
    if (options.opacity)
      throw UserError(
          fmt::format("--init {}: a picture tells no opacity to start from, as --alpha needs one", options.init));
    check_invertible(settings.recipe);
    const ImageRgb8 picture = context.read_picture(options.init);
    if (!size.given())
      size = default_size(context.session, settings);
    if (options.size.empty() && size.width == size.height)
      size = in_proportions_of({picture.width, picture.height}, size.width);
    settings.init = mark_file(options.init);
    settings.starts.assign(settings.objectives.size(), 0);
  } else if (!options.init.empty()) {
    const Array init = read_npy(options.init);
    const int planes = context.session.graph().input.c + (options.opacity ? 1 : 0);
    if (size.given())
      check_init_shape(init, settings.recipe, planes, size, options.init);
    else
      size = size_of_init(init, settings.recipe, planes, options.init);
    if (init.shape[0] != 1 && init.shape[0] != std::ssize(settings.objectives))
      throw UserError(fmt::format("--init {}: has {} starts for {} {}", options.init, init.shape[0],
                                  settings.objectives.size(),
                                  options.variants > 1 || settings.path ? "images" : "objectives"));
    settings.init = mark_file(options.init);
    settings.starts.resize(settings.objectives.size());
    std::iota(settings.starts.begin(), settings.starts.end(), 0);
  } else if (!size.given()) {
    size = default_size(context.session, settings);
    if (settings.photo && size.width == size.height) {
      const ImageRgb8 photo = context.read_picture(settings.photo->file);
      size = in_proportions_of({photo.width, photo.height}, size.width);
    }
  }
  settings.width = size.width;
  settings.height = size.height;
}

void note_unused_pictures(Context &context, const PictureSettings &settings) {
  Needs all;
  for (const std::string &text : texts_of(settings)) {
    const Needs needs = context.session.objective(text).needs();
    all.photo = all.photo || needs.photo;
    all.style = all.style || needs.style;
  }
  if (settings.photo && !all.photo && settings.recipe.start != Start::photo)
    context.note("--photo: no objective here compares with it");
  if (settings.style && !all.style)
    context.note("--style: no objective here compares with it");
  if (settings.init && settings.recipe.start == Start::photo)
    context.note(
        fmt::format("--init: the images begin there, not with the photo as recipe '{}' has it, and are shown alone",
                    settings.recipe.name));
}

Optimizing::Optimizing(Context &context, const PictureSettings &settings) : context_(context), only_(settings.only) {
  run_.emplace(context.session, request(settings));
}

Optimizing::Optimizing(Context &context, OptimizeRequest request) : context_(context), objectives_(request.objectives) {
  of_settings_.resize(objectives_.size());
  std::iota(of_settings_.begin(), of_settings_.end(), 0);
  run_.emplace(context.session, std::move(request));
}

OptimizeRequest Optimizing::request(const PictureSettings &settings) {
  check_ends(context_.session, settings);
  OptimizeRequest request;
  std::vector<int> starts;
  // The images of an objective start one after the other in a file of starts.
  const auto add = [&](const Objective &objective, std::size_t i, std::size_t of_settings) {
    request.objectives.push_back(objective);
    request.steps.push_back(settings.steps[i]);
    of_settings_.push_back(of_settings);
    if (settings.init)
      starts.push_back(settings.starts[i] - settings.which[i] + objective.variant);
  };
  for (std::size_t i = 0; i < settings.objectives.size(); ++i) {
    const std::string &text = settings.objectives[i];
    const std::vector<Objective> all = settings.path
                                           ? path_of(context_.session, *settings.path)
                                           : with_variants({context_.session.objective(text)}, settings.variants);
    const auto which = static_cast<std::size_t>(settings.which[i]);
    if (which >= all.size())
      throw UserError(
          fmt::format("objective '{}': has {} images, number {} is not among them", text, all.size(), which));
    objectives_.push_back(all[which]);
    if (settings.path)
      objectives_.back().variant = 0; // its text tells which it is
    const bool coupled = form_of(settings.recipe.parameterization).coupled;
    if (!all[which].needs().company && !(settings.path && coupled)) {
      add(all[which], i, i);
      continue;
    }
    // Its images are run together, also those that are not asked for.
    if (std::find(of_settings_.begin(), of_settings_.end(), i) != of_settings_.end())
      continue;
    for (std::size_t variant = 0; variant < all.size(); ++variant) {
      std::size_t at = settings.objectives.size();
      for (std::size_t other = i; other < settings.objectives.size() && at == settings.objectives.size(); ++other)
        if ((settings.path || settings.objectives[other] == text) &&
            static_cast<std::size_t>(settings.which[other]) == variant)
          at = other;
      add(all[variant], i, at);
    }
  }
  request.recipe = settings.recipe;
  request.options.width = settings.width;
  request.options.height = settings.height;
  if (settings.command == "optimize" && settings.input_size.given())
    request.options.input_size = settings.input_size.size();
  request.options.seed = settings.seed;
  request.options.opacity = settings.opacity;
  request.batch = settings.batch;
  if (settings.init)
    request.options.init = read_init(context_, settings, starts);
  request.draw_size = settings.draw_size;
  if (settings.spectrum)
    request.options.spectrum =
        read_spectrum(context_, settings.spectrum->file, settings.recipe, {settings.width, settings.height});
  Needs needs;
  for (const Objective &objective : objectives_)
    needs = {needs.photo || objective.needs().photo, needs.style || objective.needs().style, false};
  const Size size{settings.width, settings.height};
  const bool from_photo = settings.recipe.start == Start::photo && !settings.init;
  if (needs.photo || from_photo)
    add_picture(settings.photo ? settings.photo : settings.image, size, request.options.photo);
  if (from_photo) {
    if (!request.options.photo)
      throw UserError(fmt::format("the recipe '{}' starts from a photo: --photo is required", settings.recipe.name));
    request.options.init = parameters_of(*request.options.photo, settings.recipe);
  }
  if (request.options.photo)
    for (Objective &objective : request.objectives) {
      const Size input = net_input(context_.session, settings, objective);
      objective = balanced(context_.session, std::move(objective), settings.recipe, *request.options.photo, input,
                           settings.seed);
    }
  if (needs.style)
    add_picture(settings.style, size, request.options.style);
  return request;
}

void Optimizing::add_picture(const std::optional<FileMark> &mark, Size size, std::optional<Array> &picture) {
  if (mark)
    picture = context_.session.picture(context_.read_picture(mark->file), size);
}

Outcome Optimizing::run(const Frames &frames) {
  OptimizeRun &run = *run_;
  Outcome outcome;
  outcome.objectives = objectives_;
  context_.tell_notes();
  const InterruptGuard interrupt;
  const Stopwatch clock;
  std::int64_t steps = 0;
  Chunk chunk;
  {
    ProgressBar bar(run.work());
    while (!run.done() && !interrupt.interrupted()) {
      run.advance(0); // the next batch, where one is finished
      if (frames.every > 0 && run.step() == 0)
        frames.show(run);
      const int to_frame = frames.every > 0 ? frames.every - run.step() % frames.every : chunk.steps();
      const int before = run.step();
      const Stopwatch stopwatch;
      run.advance(std::min(chunk.steps(), to_frame));
      chunk.took(stopwatch.seconds());
      steps += run.step() - before;
      if (frames.every > 0 && (run.step() % frames.every == 0 || run.step() == run.steps()))
        frames.show(run);
      if (bar.due(run.work_done(), steps)) {
        std::string where = fmt::format("step {} of {}", run.step(), run.steps());
        if (run.batch_count() > 1)
          where = fmt::format("batch {} of {}, {}", run.batch_index() + 1, run.batch_count(), where);
        bar.update(where, mean_value(run.progress()));
      }
    }
  }
  for (OptimizedImage &image : run.results()) {
    image.objective = of_settings_.at(image.objective);
    const bool shown = !only_ || static_cast<std::size_t>(*only_) == image.objective;
    if (image.objective < objectives_.size() && shown) // else it was company
      outcome.images.push_back(std::move(image));
  }
  std::stable_sort(outcome.images.begin(), outcome.images.end(),
                   [](const OptimizedImage &a, const OptimizedImage &b) { return a.objective < b.objective; });
  outcome.interrupted = !run.done();
  const double seconds = clock.seconds();
  if (outcome.interrupted)
    tell(fmt::format("interrupted after step {} of {}{}", run.step(), run.steps(),
                     run.batch_count() > 1 ? fmt::format(", batch {} of {}", run.batch_index() + 1, run.batch_count())
                                           : ""));
  tell_states(outcome);
  auto &report = context_.report;
  for (const OptimizedImage &image : outcome.images)
    report["objectives"].push_back(report_of(image, objectives_[image.objective].text));
  report["interrupted"] = outcome.interrupted;
  report["timings"]["prepare_s"] = run.prepare_seconds();
  report["timings"]["optimize_s"] = seconds;
  report["timings"]["steps_per_s"] = static_cast<double>(steps) / std::max(seconds - run.prepare_seconds(), 1e-9);
  return outcome;
}

} // namespace convscope
