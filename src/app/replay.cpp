#include <memory>
#include <utility>

#include <fmt/format.h>

#include "app/interpolating.h"
#include "app/outputs.h"
#include "app/pictures.h"
#include "app/spectrum.h"
#include "base/error.h"
#include "base/files.h"
#include "io/png.h"

namespace convscope {

namespace {

// The file of that name must be the one that the picture was made from.
void check_unchanged(const FileMark &mark, const std::string &file, const std::string &png) {
  const FileMark now = mark_spectrum(file); // which takes folders, too
  if (now.bytes != mark.bytes || now.hash != mark.hash)
    throw UserError(fmt::format("{}: was made from another {} ({} bytes, FNV {}; now {} bytes, FNV {})", png, file,
                                mark.bytes, mark.hash, now.bytes, now.hash));
}

} // namespace

Command add_replay(CLI::App &program) {
  struct Options {
    std::string input;
    PictureOutputs outputs;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("replay", "Make a picture again from the settings that its PNG carries");
  CLI::App &app = *command.parser;
  command.need(add_text(app, "picture", o->input, "A PNG that optimize, strip, features or grid wrote", "VIS.png"));
  command.need(add_output(app, o->outputs.png, "The picture made again, PNG; of a path also its loop, .gif or .y4m"));
  command.run = [o](Context &context) {
    const std::vector<Output> outputs = {{"-o", o->outputs.png, names_loop(o->outputs.png) ? "" : ".png"},
                                         {"--report", context.options.report, ""}};
    check_outputs(outputs); // the picture may be made again in its own place
    check_outputs({outputs.back()}, {{"the picture", o->input, ""}});
    for (const auto &[given, option] :
         {std::pair(context.options.precision != "auto", "--precision"),
          std::pair(context.options.preprocessing.has_value(), "--preprocess"),
          std::pair(!context.options.labels.empty(), "--labels"), std::pair(!context.options.rgb.empty(), "--rgb"),
          std::pair(!context.options.input_name.empty(), "--input-name"),
          std::pair(!context.options.set.empty(), "--set"),
          std::pair(!context.options.input_range.empty(), "--input-range")})
      if (given)
        context.note(fmt::format("{}: is not needed, the picture tells it", option));
    PictureSettings settings = read_settings(read_png_settings(o->input), o->input);
    check_outputs(outputs, files_of(settings));
    check_loops(o->outputs, settings.path.has_value());
    if (settings.loop && !names_loop(o->outputs.png))
      std::swap(o->outputs.png, o->outputs.loop); // an animated PNG is one again
    // --weights tells where the weights, or the model's file, are now; what they hold must be the same.
    ModelRequest model = settings.model;
    if (!context.options.weights.empty())
      (names_model_file(model.model) ? model.model : model.weights) = context.options.weights;
    context.session.load(model);
    const std::string weights = path_text(context.session.model().weights);
    check_unchanged(settings.weights, weights, o->input);
    for (const std::vector<FileMark> *marks : {&settings.arrays, &settings.vectors})
      for (const FileMark &mark : *marks)
        check_unchanged(mark, mark.file, o->input);
    for (const std::optional<FileMark> *mark :
         {&settings.image, &settings.labels, &settings.init, &settings.photo, &settings.style, &settings.spectrum})
      if (*mark)
        check_unchanged(**mark, (*mark)->file, o->input);

    context.session.set_precision(settings.precision);
    if (settings.profile.empty())
      context.session.forget_profile(); // made with the built-in choice of kernels, which every build has
    else if (context.session.profile_hash() != settings.profile)
      tell(fmt::format("{}: was made with another profile of 'convscope tune': the bytes may differ", o->input));
    const vulkan::DeviceInfo &device = context.session.device().info();
    const std::string driver = device.driver + " " + device.driver_info;
    if (device.name != settings.device || driver != settings.driver)
      tell(fmt::format("{} was made on {} ({}), this is {} ({}): the bytes may differ", o->input, settings.device,
                       settings.driver, device.name, driver));
    if (settings.command == "strip")
      return make_strip(context, settings, o->outputs);
    if (settings.command == "features")
      return make_features(context, settings, o->outputs);
    if (settings.command == "grid")
      return make_grid(context, settings, o->outputs);
    return make_images(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
