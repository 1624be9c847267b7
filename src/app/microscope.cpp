// `microscope`: a static site of every unit of a net, which goes on where it stands.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/microscope.h"
#include "app/microscope_slurm.h"
#include "app/optimizing.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "figure/planes.h"
#include "microscope/render.h"
#include "microscope/site.h"
#include "session/input_size.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {

namespace {

// Of `--preview`: AlexNet's 1,152 units take two cores some minutes.
constexpr int preview_steps = 64, preview_side = 96;
constexpr double pages_every = 60; // seconds at least; and a fortieth of the time at most

// What the options say, ready to be worked on.
struct Work {
  PictureSettings settings; // of any picture, but for what tells them apart
  Survey survey;
  RenderRequest render;
};

void check_recipe(const Recipe &recipe) {
  if (recipe.start == Start::photo)
    throw UserError(fmt::format("--recipe {}: starts from a photo; a site's pictures start from noise", recipe.name));
  if (form_of(recipe.parameterization).coupled)
    throw UserError(
        fmt::format("--recipe {}: its images have a part in common, so that none is the same alone", recipe.name));
}

// In the proportions of what the net gets, where it needs others than a square's.
Size image_size_of(const Model &model, const Recipe &recipe, const std::vector<std::string> &layers) {
  std::vector<NodeId> nodes = telling_layers(model.graph);
  if (!layers.empty())
    nodes = survey(model, {layers, {}, recipe, square(recipe.size)}).nodes();
  for (const NodeId node : nodes) {
    try {
      const Size size = image_size_for(model, {node}, recipe, recipe.size);
      if (size.width != size.height)
        return size;
    } catch (const UserError &) { // the survey will say so
    }
  }
  return square(recipe.size);
}

std::vector<int> channels_of(const std::string &text, const Model &model) {
  if (text.empty() || text == "all")
    return {};
  int most = 1;
  for (const SurveyLayer &layer : named_layers(model))
    most = std::max(most, layer.shape.c);
  std::vector<int> channels = parse_channels(text, most, "the net's largest layer");
  std::sort(channels.begin(), channels.end());
  return channels;
}

Shard shard_from(const std::string &text, const char *variable) {
  const auto fail = [&](const std::string &why) { throw UserError(fmt::format("--shard '{}': {}", text, why)); };
  const std::vector<std::string> parts = split(text, '/');
  std::string index = parts.size() == 2 ? parts[0] : "";
  const std::string &count = parts.back();
  if (parts.size() > 2)
    fail("must be I/N, such as 3/16");
  if (index.empty()) {
    if (!variable)
      fail("which shard this is must be given, I/N, or be in SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX");
    index = variable;
  }
  const auto i = parse_integer(index), n = parse_integer(count);
  if (!n || *n < 1 || *n > most_shards)
    fail(fmt::format("must be I/N, with N from 1 to {}", most_shards));
  if (!i || *i < 0 || *i >= *n)
    fail(fmt::format("I must be from 0 to {}, not '{}'", *n - 1, index));
  return {static_cast<int>(*i), static_cast<int>(*n)};
}

Work prepare(Context &context, const MicroscopeOptions &o) {
  Work work;
  PictureSettings &settings = work.settings;
  OptimizeOptions optimize;
  optimize.recipe = o.recipe;
  Recipe recipe = recipe_of(optimize);
  check_recipe(recipe);
  if (o.preview) {
    recipe.size = std::min(recipe.size, preview_side);
    recipe.steps = std::min(recipe.steps, preview_steps);
  }
  if (o.steps > 0)
    recipe.steps = o.steps;
  context.load(o.model);
  const Model &model = context.session.model();
  const Size size = o.size.empty() ? image_size_of(model, recipe, o.layers) : parse_size(o.size, "--size");
  work.survey = survey(model, {o.layers, channels_of(o.channels, model), recipe, size});
  if (const auto &left = work.survey.left_out; !left.empty())
    context.note(
        fmt::format("{} {} left out: {}", left.size(), left.size() == 1 ? "layer is" : "layers are", left.front()));

  const auto without = std::count_if(work.survey.layers.begin(), work.survey.layers.end(),
                                     [](const SurveyLayer &layer) { return layer.negative.empty(); });
  if (o.negative && without > 0)
    context.note(
        fmt::format("--negative: {} of {} layers can't be below 0 and have none", without, work.survey.layers.size()));

  settings.command = "optimize";
  settings.recipe = recipe;
  settings.width = size.width;
  settings.height = size.height;
  settings.seed = o.seed;
  settings.precision = context.session.precision();
  mark_model(context.session, settings);
  settings.objectives = {""};
  settings.steps = {recipe.steps};
  settings.which = {0};

  RenderRequest &render = work.render;
  render.recipe = recipe;
  render.size = size;
  render.seed = o.seed;
  render.batch = o.batch;
  render.preview = o.preview;
  if (o.negative)
    render.views.push_back(View::negative);
  if (o.neuron)
    render.views.push_back(View::neuron);
  if (o.diversity > 0)
    render.views.push_back(View::face);
  render.faces = o.diversity;
  for (const std::string &file : o.photos) {
    const ImageRgb8 photo = context.read_picture(file);
    render.photos.push_back({mark_file(file), context.session.picture(photo, size)});
  }
  const PlaneView view = plane_view(model.graph.input.c, model.rgb);
  render.draw = [view](const Array &image, const Progress &progress) { return page_of(image, progress, view); };
  return work;
}

// Follows the work on a terminal, and writes pages now and then.
class Follower {
public:
  Follower(const Context &context, const Work &work, const SiteStore &store, bool pages)
      : context_(context), work_(work), store_(store), pages_(pages) {}

  Site write_now() {
    const Stopwatch clock;
    Site site = gather_site(context_.session.model(), work_.survey, store_, ties_);
    write_pages(site, store_);
    spent_ += clock.seconds();
    next_ = since_.seconds() + std::max(pages_every, 40 * clock.seconds());
    return site;
  }
  void now_and_then() {
    if (pages_ && since_.seconds() > next_)
      write_now();
  }
  // Where something has gone wrong: what can still be said. The first error is the one to tell.
  void write_what_can_be() noexcept {
    try {
      if (pages_)
        write_now();
    } catch (const std::exception &) { // the pages before stay
    }
  }
  double spent() const { return spent_; }

private:
  const Context &context_;
  const Work &work_;
  const SiteStore &store_;
  bool pages_;
  SiteTies ties_;
  Stopwatch since_;
  double next_ = pages_every, spent_ = 0;
};

// False where Ctrl-C ended it.
bool render_all(Context &context, Rendering &rendering, Follower &follower) {
  constexpr std::int64_t per_picture = 1000; // the bar's unit
  const InterruptGuard interrupt;
  ProgressBar bar((rendering.pictures() - rendering.before()) * per_picture);
  Chunk chunk;
  while (!rendering.done() && !interrupt.interrupted()) {
    const Stopwatch stopwatch;
    rendering.advance(chunk.steps());
    chunk.took(stopwatch.seconds());
    const auto done = static_cast<std::int64_t>((rendering.work_done() - double(rendering.before())) * per_picture);
    if (bar.due(done, done))
      bar.show(rendering.where().empty()
                   ? "pages"
                   : fmt::format("{}, {} left", rendering.where(), clock_text(bar.seconds_left())));
    follower.now_and_then();
  }
  context.report["made"] = rendering.made();
  return rendering.done();
}

// Beside what the photos took. A site's own work is what is neither the optimization nor the photos.
void report_timings(nlohmann::ordered_json &timings, double total, double pictures, double pages) {
  if (timings.is_null())
    timings = nlohmann::ordered_json::object();
  const double own = pictures + pages + timings.value("database_s", 0.0) + timings.value("crops_s", 0.0);
  timings["pictures_s"] = pictures;
  timings["pages_s"] = pages;
  timings["optimize_s"] = total - own - timings.value("photos_s", 0.0);
  timings["own_share"] = own / std::max(total, 1e-9);
}

int run_microscope(Context &context, const MicroscopeOptions &o) {
  if (o.finish && o.shard)
    throw UserError("--shard and --finish are two commands: the pages come when all shards have ended");
  if (!o.atlases.empty() && o.images.empty())
    throw UserError("--atlas: is of photos: --images DIR");
  if (o.slurm && (o.finish || o.shard))
    throw UserError("--slurm: gives out the shards and the pages itself: without --shard and --finish");
  if (o.slurm.has_value() != (o.shards > 0))
    throw UserError("--slurm and --shards go together: --slurm \"--gres=gpu:1 --time=8:00:00\" --shards 16");
  if (o.slurm)
    check_slurm_options(*o.slurm);
  Work work = prepare(context, o);
  atlas_nodes(context, o);
  if (o.slurm)
    return run_on_slurm(context, o, work.survey, work.render, work.settings.weights.hash);
  const auto part = o.finish ? SiteLock::Part::pages : o.shard ? SiteLock::Part::shard : SiteLock::Part::whole;
  const SiteStore store(o.folder, work.settings.weights.hash, context.session.graph().name, part,
                        o.shard ? o.shard->index : 0);
  Follower follower(context, work, store, !o.shard);
  if (o.finish) {
    context.tell_notes();
    const Site site = follower.write_now();
    if (site.done() < site.units())
      tell(fmt::format("{} of {} units are not made yet: their shards have not ended", site.units() - site.done(),
                       site.units()));
    tell("wrote " + path_text(std::filesystem::path(o.folder) / "index.html"));
    return exit_done;
  }
  if (o.shard) {
    work.render.shard = o.shard->index;
    work.render.shards = o.shard->count;
  }
  mark_device(context.session, work.settings);
  work.render.settings = [base = work.settings](const PictureWork &picture) {
    PictureSettings settings = base;
    settings.objectives = {picture.objective};
    settings.variants = picture.faces;
    settings.which = {picture.face};
    if (picture.photo)
      settings.photo = picture.photo->mark;
    return settings_json(settings);
  };
  context.report["settings"] = nlohmann::ordered_json::parse(settings_json(work.settings));
  context.report["settings"].erase("objectives");
  Rendering rendering(context.session, work.survey, store, work.render);
  context.tell_notes();
  if (rendering.before() > 0)
    tell(fmt::format("{} of {} pictures are there already", rendering.before(), rendering.pictures()));
  bool whole = false;
  const InterruptGuard interrupt; // also between the parts, each of which asks
  const Stopwatch clock;
  try {
    if (!o.shard && !store.get("index.html"))
      follower.write_now(); // from now on there is a site that opens
    whole = (o.images.empty() || (o.shard && o.shard->index > 0) || add_photos(context, o, work.survey, store)) &&
            render_all(context, rendering, follower) &&
            (o.shard || add_atlases(context, o, work.settings, work.render, store));
  } catch (...) {
    follower.write_what_can_be();
    throw;
  }
  if (!o.shard)
    follower.write_now();
  report_timings(context.report["timings"], clock.seconds(), rendering.keep_seconds(), follower.spent());
  if (!whole) {
    tell("interrupted: the same command goes on from here");
    return exit_interrupted;
  }
  tell(o.shard ? fmt::format("shard {} of {}: {} pictures", o.shard->index, o.shard->count, rendering.pictures())
               : "wrote " + path_text(std::filesystem::path(o.folder) / "index.html"));
  if (!rendering.problems().empty())
    throw UserError(fmt::format(
        "{}{}; the rest of the site is made", rendering.problems().front(),
        rendering.problems().size() > 1 ? fmt::format(" (and {} more)", rendering.problems().size() - 1) : ""));
  return exit_done;
}

} // namespace

Command add_microscope(CLI::App &program) {
  const auto o = std::make_shared<MicroscopeOptions>();
  const auto shard = std::make_shared<std::string>(), options = std::make_shared<std::string>();
  Command command;
  command.parser = program.add_subcommand(
      "microscope", "A static site of every unit of a net: made once, continued by the same command");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  command.need(add_text(app, "-o,--output", o->folder, "The site's folder, new or to go on with", "DIR"));
  app.add_option("--layers", o->layers,
                 "These layers alone, with ',' between [those that compute something of their own]")
      ->type_name("L,..")
      ->allow_extra_args(false);
  add_text(app, "--channels", o->channels, "These units of each layer, such as 0-15,40 [all]", "C");
  app.add_option("--photo", o->photos, "A photo that each layer makes a caricature of; again for another")
      ->type_name("F")
      ->allow_extra_args(false);
  add_text(app, "--images", o->images, "A folder of photos: those that excite each unit most are shown", "DIR");
  app.add_option(
         "--atlas", o->atlases,
         "A layer whose activation atlas of --images is drawn, once its units are; again for another. Of shards, "
         "the same command without --shard draws it")
      ->type_name("L")
      ->allow_extra_args(false);
  add_text(app, "--db", o->database, "What was seen of them [a file in the user's cache]", "F.sqlite");
  add_integer(app, "--steps", o->steps, 1, most_steps, "Optimization steps [the recipe's]");
  add_text(app, "--size", o->size, "Of a picture, N or WxH [the recipe's: 128]", "N|WxH");
  add_seed(app, o->seed);
  app.add_flag("--negative", o->negative, "Also what drives each unit to its most negative");
  app.add_flag("--neuron", o->neuron, "Also an image of the one unit at the centre of the map");
  add_integer(
      app, "--diversity", o->diversity, 2, most_variants,
      "Also so many images of each unit that are to differ, by the diversity of what its layer sees: its faces");
  app.add_flag("--preview", o->preview,
               fmt::format("A quick look: {} steps at {} pixels; the same command without it refines", preview_steps,
                           preview_side));
  add_text(app, "--recipe", o->recipe, fmt::format("{}, or a file, .json", fmt::join(recipe_names(), ", ")), "R");
  add_integer(app, "--batch", o->batch, 1, 10000,
              "Most pictures at once, as far as memory goes [16, on a CPU device 4]");
  add_text(app, "--shard", *shard,
           "The I-th of N parts of the work, I from 0 or, without it, from SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX",
           "[I/]N");
  app.add_flag("--finish", o->finish, "Only the pages, of what all shards have made");
  CLI::Option *slurm =
      app.add_option("--slurm", *options,
                     "On a Slurm cluster: a job array with these options of sbatch, such as \"--gres=gpu:1 "
                     "--time=8:00:00\", and a job that finishes; follows them")
          ->type_name("OPTIONS")
          ->allow_extra_args(false);
  add_integer(app, "--shards", o->shards, 1, most_shards, "Tasks of --slurm's array");
  command.run = [o, shard, slurm, options](Context &context) {
    if (slurm->count() > 0)
      o->slurm = *options;
    if (o->folder.empty())
      throw UserError("-o: the folder's name is empty");
    if (!shard->empty()) {
      const char *index = std::getenv("SLURM_ARRAY_TASK_ID");
      o->shard = shard_from(*shard, index ? index : std::getenv("JOB_COMPLETION_INDEX"));
    }
    return run_microscope(context, *o);
  };
  return command;
}

} // namespace convscope
