#include "visualization/gallery.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "visualization/groups.h"

namespace convscope {

namespace {

void check_recipe(const Recipe &recipe) {
  const ParameterizationKind kind = recipe.parameterization;
  if (kind != ParameterizationKind::fft && kind != ParameterizationKind::pixel &&
      kind != ParameterizationKind::laplacian)
    throw UserError(
        "images that share parts are sums of parameters: --parameterization must be fft, pixel or laplacian");
  if (recipe.optimizer != OptimizerKind::adam)
    throw UserError("images that share parts are optimized by Adam: the recipe has another optimizer");
}

} // namespace

Gallery::Gallery(Plan &plan, const Recipe &recipe, GalleryOptions options, int images, int slots, int count)
    : plan_(plan), recipe_(recipe), options_(std::move(options)), images_(images), slots_(slots), count_(count),
      visits_(static_cast<std::size_t>(images)) {
  check_recipe(recipe);
  const auto bytes = [](std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); };
  const std::int64_t all = std::int64_t{members()} * count;
  slots_tensor_ = plan.persistent("slots", static_cast<std::size_t>(slots) * sizeof(gpu::GallerySlot));
  shares_ = plan.persistent("shares", bytes(std::max<std::int64_t>(1, std::int64_t{images} * options_.groups)));
  members_ = plan.persistent("gallery", bytes(all));
  first_ = plan.persistent("gallery's first moments", bytes(all));
  second_ = plan.persistent("gallery's second moments", bytes(all));
}

gpu::GalleryParams Gallery::params() const {
  return {count_, slots_, images_, options_.groups, options_.groups > 0 ? options_.own : 1.0F, options_.common};
}

void Gallery::append_gather(TensorId parameters) {
  plan_.dispatch("gallery gather", plan_.programs().get("gallery_gather"), image_groups(count_, slots_), params(),
                 {reads(slots_tensor_), reads(shares_), reads(members_), writes(parameters)});
}

void Gallery::append_gather(Plan &other, TensorId parameters) const {
  const TensorId slots = other.external("slots", plan_.slice(slots_tensor_));
  const TensorId shares = other.external("shares", plan_.slice(shares_));
  const TensorId gallery = other.external("gallery", plan_.slice(members_));
  other.dispatch("gallery gather", other.programs().get("gallery_gather"), image_groups(count_, slots_), params(),
                 {reads(slots), reads(shares), reads(gallery), writes(parameters)});
}

void Gallery::append_update(TensorId gradient, TensorId state, TensorId images) {
  const gpu::GalleryAdamParams adam{params(),
                                    static_cast<float>(recipe_.beta1),
                                    static_cast<float>(1 - recipe_.beta1),
                                    static_cast<float>(recipe_.beta2),
                                    static_cast<float>(1 - recipe_.beta2),
                                    static_cast<float>(recipe_.epsilon)};
  plan_.dispatch("gallery adam", plan_.programs().get("gallery_adam"), image_groups(count_, slots_ + options_.groups),
                 adam,
                 {reads(state), reads(images), reads(slots_tensor_), reads(shares_), reads(gradient), updates(members_),
                  updates(first_), updates(second_)});
}

void Gallery::write_start(const std::vector<float> &parameters) {
  const std::vector<float> zeros(parameters.size());
  plan_.write(members_, std::as_bytes(std::span(parameters)));
  plan_.write(first_, std::as_bytes(std::span(zeros)));
  plan_.write(second_, std::as_bytes(std::span(zeros)));
  if (options_.groups > 0)
    plan_.write(shares_, std::as_bytes(std::span(options_.shares)));
  std::fill(visits_.begin(), visits_.end(), 0);
}

void Gallery::choose(const std::vector<int> &images, bool counts) {
  std::vector<gpu::GallerySlot> slots;
  for (const int image : images) {
    int &visits = visits_.at(static_cast<std::size_t>(image));
    visits += counts ? 1 : 0;
    slots.push_back({image, static_cast<float>(1 - std::pow(recipe_.beta1, visits)),
                     static_cast<float>(1 - std::pow(recipe_.beta2, visits))});
  }
  plan_.write(slots_tensor_, std::as_bytes(std::span(slots)));
}

std::vector<int> Gallery::drawn(std::uint64_t seed, int step) const {
  std::vector<int> all(static_cast<std::size_t>(images_));
  std::iota(all.begin(), all.end(), 0);
  const std::uint64_t words[2] = {seed, static_cast<std::uint64_t>(step)};
  std::mt19937_64 random(fnv1a(std::as_bytes(std::span(words)), fnv1a_start));
  for (int i = 0; i < slots_ && images_ > slots_; ++i) { // the library's own distributions differ from one to the other
    const auto rest = static_cast<std::uint64_t>(images_ - i);
    std::swap(all[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(i) + random() % rest]);
  }
  all.resize(static_cast<std::size_t>(slots_));
  return all;
}

} // namespace convscope
